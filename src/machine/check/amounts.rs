//! Fields that are reckoned with: decimals, money, and tables of rows with their sums.

use super::Check;
use crate::definition::model::{self, Name};
use crate::diagnostic::{did_you_mean, fault, nearest, say};
use crate::exact::Exact;
use crate::ids::FieldName;
use crate::machine::FieldKind;
use crate::source::Spanned;

/// Digits after the point that a decimal takes if it names no limit.
const PLACES: u32 = 6;
/// Digits after the point that any decimal may take.
const PLACES_CEILING: i64 = 10;
/// Rows that a table takes if it names no maximum.
const ROWS_MAX: u32 = 20;
/// Rows that any table may take: its form is one page.
const ROWS_CEILING: u32 = 200;
/// Columns of a table.
const COLUMNS_MAX: usize = 12;
/// What no column can hold: another list, or a file.
const NO_COLUMN: &[&str] = &["texts", "rows", "file"];
/// Types that can be added up.
const ADDED: &[&str] = &["number", "decimal", "money"];

/// The currencies of ISO 4217 by their digits after the point.
const CURRENCIES: &[(u32, &str)] = &[
    (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
    (
        2,
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP \
         CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR \
         JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN \
         NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP \
         SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG",
    ),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
];

impl Check<'_> {
    pub(super) fn decimal(&self, field: &model::Field) -> FieldKind {
        self.limits_fit(field);
        let places = match &field.places {
            None => PLACES,
            Some(places) if (1..=PLACES_CEILING).contains(&places.value) => {
                u32::try_from(places.value).unwrap_or(PLACES)
            }
            Some(places) => {
                self.report(fault!(LIMIT.places, &places.span, ceiling = PLACES_CEILING));
                PLACES
            }
        };
        FieldKind::Decimal { places, min: value(field.min.as_ref()), max: value(field.max.as_ref()) }
    }

    pub(super) fn money(&self, field: &model::Field, kind: &Name) -> FieldKind {
        self.limits_fit(field);
        let (min, max) = (value(field.min.as_ref()), value(field.max.as_ref()));
        let Some(currency) = &field.currency else {
            self.report(fault!(MISSING_KEY.currency, &kind.span));
            return FieldKind::Money { currency: String::new(), places: 0, min, max };
        };
        FieldKind::Money { currency: currency.value.clone(), places: self.places_of(currency), min, max }
    }

    fn places_of(&self, currency: &Name) -> u32 {
        let codes = || CURRENCIES.iter().flat_map(|(places, codes)| codes.split(' ').map(|code| (*places, code)));
        if let Some((places, _)) = codes().find(|(_, code)| *code == currency.value) {
            return places;
        }
        let fault = fault!(UNKNOWN_WORD.currency, &currency.span, currency);
        self.report(match nearest(&currency.value.to_uppercase(), codes().map(|(_, code)| code)) {
            Some(near) => fault.help(say!(near.meant, near)),
            None => fault,
        });
        0
    }

    /// A table of rows, its columns one by one.
    pub(super) fn rows(&self, field: &model::Field, kind: &Name) -> FieldKind {
        if field.columns.is_empty() {
            self.report(fault!(MISSING_KEY.columns, &kind.span));
        }
        if let Some(beyond) = field.columns.get(COLUMNS_MAX) {
            self.report(fault!(LIMIT.columns, &beyond.name.span, max = COLUMNS_MAX));
        }
        for column in &field.columns {
            if let Some(of) = column.kind.as_ref().filter(|of| NO_COLUMN.contains(&of.as_str())) {
                self.report(fault!(FIELD_TYPE.no_column, &of.span, type = of));
            }
        }
        FieldKind::Rows {
            columns: field.columns.iter().map(|column| self.field(column)).collect(),
            max: self.max(field, ROWS_MAX, ROWS_CEILING),
            sums: field.sums.iter().map(|name| self.summed(field, name)).collect(),
        }
    }

    /// A column that can be added up.
    fn summed(&self, field: &model::Field, name: &Name) -> FieldName {
        let found = field.columns.iter().find(|column| column.name.value == name.value);
        let Some(column) = found else {
            let known = field.columns.iter().map(|column| column.name.as_str());
            let help = did_you_mean(&name.value, known, say!(near.none));
            self.report(fault!(UNKNOWN_FIELD.column, &name.span, name).help(help));
            return FieldName::new(&name.value);
        };
        if let Some(of) = column.kind.as_ref().filter(|of| !ADDED.contains(&of.as_str())) {
            self.report(fault!(FIELD_TYPE.not_added, &name.span, type = of).beside(&of.span));
        }
        FieldName::new(&name.value)
    }

    /// The declared columns of all tables look like names; inside a table each stands once, as keys of a mapping do.
    pub(super) fn column_names(&self) {
        let fields = self.definition.fields.iter().chain(&self.definition.row);
        for column in fields.flat_map(|field| &field.columns) {
            self.identifier(&column.name);
        }
    }
}

fn value(limit: Option<&Spanned<Exact>>) -> Option<Exact> {
    limit.map(|limit| limit.value)
}
