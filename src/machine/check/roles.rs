//! Roles: where their holders are found.

use super::Check;
use super::names::Kind;
use crate::definition::model;
use crate::diagnostic::fault;
use crate::machine::{Role, RoleSource};

impl Check<'_> {
    /// A role with exactly one source of holders.
    pub(super) fn role(&self, written: &model::Role) -> Role {
        Role { label: written.label.clone(), source: self.role_source(written), starter: written.starter }
    }

    fn role_source(&self, role: &model::Role) -> RoleSource {
        let sources: Vec<_> = ["post", "body", "field", "decision", "each", "outside", "any"]
            .into_iter()
            .filter(|key| *key != "each" || role.post.is_none())
            .filter_map(|key| role.keys.get_key_value(key))
            .collect();
        if let [(first, at), (second, also), ..] = sources[..] {
            self.report(fault!(KEYS_TOGETHER.role_twice, also, role = role.name, first, second).beside(at));
        }
        for (key, wants) in [("of", "post"), ("seat", "body")] {
            if let (Some(span), None) = (role.keys.get(key), role.keys.get(wants)) {
                self.report(fault!(KEYS_TOGETHER.belongs, span, key, owner = wants));
            }
        }
        if let Some(each) = &role.each {
            if let Some(of) = &role.of {
                let (first, second) = ("each", "of");
                self.report(
                    fault!(KEYS_TOGETHER.role_twice, &of.span, role = role.name, first, second).beside(&each.span),
                );
            }
            let post = role.post.as_ref().map(|post| post.value.clone());
            return RoleSource::Each { each: each.value.clone(), post };
        }
        if let Some(post) = &role.post {
            let of = role.of.as_ref().map(|phrase| self.unit_of(phrase));
            let of = of.unwrap_or_else(|| {
                self.report(fault!(MISSING_KEY.unit_of_post, &post.span));
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
        if let Some(decision) = &role.decision {
            return RoleSource::Decision { decision: self.decides_who(decision) };
        }
        if let Some(outside) = &role.outside {
            return self.outside(outside);
        }
        if !role.any.is_empty() {
            return self.any_of(&role.any);
        }
        if sources.is_empty() {
            self.report(fault!(MISSING_KEY.holders, &role.name.span, role = role.name));
        }
        RoleSource::Field { field: "".into() }
    }
}
