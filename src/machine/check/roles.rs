//! Roles: where their holders are found.

use super::Check;
use super::names::Kind;
use crate::definition::model;
use crate::diagnostic::{Diagnostic, code};
use crate::machine::{Role, RoleSource};

impl Check<'_> {
    /// A role with exactly one source of holders.
    pub(super) fn role(&self, written: &model::Role) -> Role {
        Role { label: written.label.clone(), source: self.role_source(written), starter: written.starter }
    }

    fn role_source(&self, role: &model::Role) -> RoleSource {
        let sources: Vec<_> =
            ["post", "body", "field"].into_iter().filter_map(|key| role.keys.get_key_value(key)).collect();
        if let [(first, at), (second, also), ..] = sources[..] {
            let message = format!("the role `{}` is found in two ways", role.name.value);
            let fault = Diagnostic::error(code::KEYS_TOGETHER, message, also.clone(), format!("`{second}` here"));
            self.report(
                fault.also(at.clone(), format!("`{first}` here")).help("keep one of `post`, `body` and `field`"),
            );
        }
        for (key, wants) in [("of", "post"), ("seat", "body")] {
            if let (Some(span), None) = (role.keys.get(key), role.keys.get(wants)) {
                self.error(code::KEYS_TOGETHER, format!("`{key}` belongs to `{wants}`"), span, "has no meaning here");
            }
        }
        if let Some(post) = &role.post {
            let of = role.of.as_ref().map(|phrase| self.unit_of(phrase));
            let of = of.unwrap_or_else(|| {
                let fault =
                    Diagnostic::error(code::MISSING_KEY, "a post needs its unit", post.span.clone(), "of which unit?");
                self.report(fault.help("write `of:` and a field of type unit, as in `of: unit`"));
                crate::machine::UnitOf::Code { code: String::new() }
            });
            return RoleSource::Post { post: post.value.clone(), of };
        }
        if let Some(body) = &role.body {
            return RoleSource::Body {
                body: self.body_of(body),
                seat: role.seat.as_ref().map(|seat| seat.value.clone()),
            };
        }
        if let Some(field) = &role.field {
            return RoleSource::Field { field: self.field_of_type(Kind::Field, field, &["person"]) };
        }
        if sources.is_empty() {
            let message = format!("nobody can hold the role `{}`", role.name.value);
            let fault = Diagnostic::error(code::MISSING_KEY, message, role.name.span.clone(), "where are its holders?");
            self.report(fault.help("write `post: .., of: ..`, `body: KIND of FIELD` or `field: FIELD`"));
        }
        RoleSource::Field { field: "".into() }
    }
}
