//! How dossiers come to be: starts by the clock, and imports.

use std::collections::BTreeMap;

use super::Check;
use super::names::Kind;
use crate::calendar::slots::{Schedule, ScheduleError};
use crate::definition::model::{self, Name};
use crate::diagnostic::fault;
use crate::ids::Instant;
use crate::machine::{CronStart, Import, ImportRegister};

impl Check<'_> {
    /// A start by the clock, its schedule and zone known to work.
    pub(super) fn cron(&self, written: &model::CronStart) -> CronStart {
        if let Some(schedule) = &written.schedule {
            self.schedule(schedule);
        }
        if let Some(zone) = &written.zone
            && jiff::tz::TimeZone::get(&zone.value).is_err()
        {
            self.report(fault!(SCHEDULE.zone, &zone.span, zone));
        }
        let text = |name: &Option<Name>| name.as_ref().map_or_else(String::new, |name| name.value.clone());
        let fields = written.fields.iter().map(|(name, value)| (self.refer(Kind::Field, name).into(), value.clone()));
        CronStart { schedule: text(&written.schedule), zone: text(&written.zone), fields: fields.collect() }
    }

    fn schedule(&self, schedule: &Name) {
        // Whether a day comes at all does not hang on the zone, nor on where one begins to look.
        match Schedule::parse(&schedule.value, "UTC") {
            Err(ScheduleError::Fields) => self.report(fault!(SCHEDULE.fields, &schedule.span)),
            Err(why) => self.report(fault!(SCHEDULE.field, &schedule.span, why = why.to_string())),
            Ok(read) => match Schedule::foreign(&schedule.value) {
                Some(part) => self.report(fault!(SCHEDULE.part, &schedule.span, part)),
                None if read.next(Instant(0)).is_none() => self.report(fault!(SCHEDULE.never, &schedule.span)),
                None => {}
            },
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
            let named = written.columns.iter().chain(&written.only).map(|(column, _)| column);
            let mut taken = named.chain(&written.key);
            if let Some(column) = taken.find(|column| column.value == ignored.value) {
                self.report(fault!(KEYS_TOGETHER.column_twice, &ignored.span, column).beside(&column.span));
            }
        }
        let register = written.register_column.as_ref().zip(written.register.as_ref());
        let only = written.only.iter().map(|(column, words)| (text(column), words.iter().map(text).collect()));
        Import {
            key: written.key.iter().map(text).collect(),
            columns,
            only: only.collect(),
            register: register.map(|(column, name)| ImportRegister {
                column: text(column),
                register: self.refer(Kind::Register, name),
            }),
            papers: written.papers.as_ref().map(text),
            ignore: written.ignore.iter().map(text).collect(),
        }
    }
}
