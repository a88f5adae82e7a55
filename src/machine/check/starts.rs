//! How dossiers come to be: starts by the clock, and imports.

use std::collections::BTreeMap;

use super::Check;
use super::names::Kind;
use crate::definition::model::{self, Name};
use crate::diagnostic::{Diagnostic, code};
use crate::machine::{CronStart, Import, ImportRegister};

/// Any day, from which a schedule must find another one.
fn some_day() -> jiff::Zoned {
    jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC)
}

impl Check<'_> {
    /// A start by the clock, its schedule and zone known to work.
    pub(super) fn cron(&self, written: &model::CronStart) -> CronStart {
        if let Some(schedule) = &written.schedule {
            self.schedule(schedule);
        }
        if let Some(zone) = &written.zone
            && jiff::tz::TimeZone::get(&zone.value).is_err()
        {
            let message = format!("no time zone `{}`", zone.value);
            let fault = Diagnostic::error(code::SCHEDULE, message, zone.span.clone(), "not an IANA name");
            self.report(fault.help("a time zone is named as in `Asia/Ho_Chi_Minh`"));
        }
        let text = |name: &Option<Name>| name.as_ref().map_or_else(String::new, |name| name.value.clone());
        let fields = written.fields.iter().map(|(name, value)| (self.refer(Kind::Field, name).into(), value.clone()));
        CronStart { schedule: text(&written.schedule), zone: text(&written.zone), fields: fields.collect() }
    }

    fn schedule(&self, schedule: &Name) {
        let parser = cron::parser::CronParser::builder()
            .seconds(cron::parser::Seconds::Disallowed)
            .year(cron::parser::Year::Disallowed)
            .build();
        let five = schedule.value.split_whitespace().count() == 5;
        let wrong = match parser.parse(&schedule.value) {
            _ if !five => Some("it does not have five fields".to_owned()),
            Ok(cron) => cron.find_next_occurrence(&some_day(), true).err().map(|_| "this day never comes".to_owned()),
            Err(why) => Some(why.to_string()),
        };
        if let Some(why) = wrong {
            let fault = Diagnostic::error(code::SCHEDULE, "this is not a schedule", schedule.span.clone(), why);
            self.report(
                fault.help("five fields as in crontab(5): minute, hour, day, month, day of the week (`0 8 1 6 *`)"),
            );
        }
    }

    /// How the columns of a file become fields.
    pub(super) fn import(&self, written: &model::Import) -> Import {
        let text = |name: &Name| name.value.clone();
        let columns: BTreeMap<_, _> = written
            .columns
            .iter()
            .map(|(column, fields)| (column.value.clone(), self.refer_all(Kind::Field, fields)))
            .collect();
        for ignored in &written.ignore {
            let mut taken = written.columns.iter().map(|(column, _)| column).chain(&written.key);
            if let Some(column) = taken.find(|column| column.value == ignored.value) {
                let message = format!("the column `{}` is taken and ignored", ignored.value);
                let fault = Diagnostic::error(code::KEYS_TOGETHER, message, ignored.span.clone(), "ignored here");
                self.report(fault.also(column.span.clone(), "taken here"));
            }
        }
        let register = written.register_column.as_ref().zip(written.register.as_ref());
        Import {
            key: written.key.iter().map(text).collect(),
            columns,
            register: register
                .map(|(column, register)| ImportRegister { column: text(column), register: text(register) }),
            papers: written.papers.as_ref().map(text),
            ignore: written.ignore.iter().map(text).collect(),
        }
    }
}
