//! Rows on their way to PostgreSQL: all rows that a statement writes to one table, as one array of a row type, in the binary
//! form of the protocol (PostgreSQL's `array_recv` and `record_recv`).

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo};
use sqlx::{Encode, Postgres, Type};

/// PostgreSQL's own types that rows are made of.
const TEXT: u32 = 25;
const BIGINT: u32 = 20;
const BYTEA: u32 = 17;
/// Where the number of the row type stands in an array, and where the number of rows.
const ELEMENT_AT: usize = 8;
const COUNT_AT: usize = 12;

/// The row types of migration 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowType {
    Event,
    Opened,
    Moved,
    SealKey,
    Offered,
    Closed,
    Notice,
}

impl RowType {
    pub(super) const ALL: [Self; 7] =
        [Self::Event, Self::Opened, Self::Moved, Self::SealKey, Self::Offered, Self::Closed, Self::Notice];

    /// As it is called in the database.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Event => "event_row",
            Self::Opened => "dossier_opened",
            Self::Moved => "dossier_moved",
            Self::SealKey => "seal_key_row",
            Self::Offered => "task_offered",
            Self::Closed => "task_closed",
            Self::Notice => "notice_row",
        }
    }
}

/// Rows of one type.
#[derive(Clone, Debug)]
pub(super) struct Set {
    of: RowType,
    rows: u32,
    bytes: Vec<u8>,
}

impl Set {
    pub(super) fn new(of: RowType) -> Self {
        // One dimension, no NULLs among the rows, the row type (known when it is bound), the number of rows, the first is 1.
        let header: [u32; 5] = [1, 0, 0, 0, 1];
        Self { of, rows: 0, bytes: header.iter().flat_map(|word| word.to_be_bytes()).collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Adds a row, with its columns in the order of the type.
    pub(super) fn row(&mut self, columns: impl FnOnce(&mut Columns<'_>)) {
        let begin = self.bytes.len();
        self.bytes.extend([0; 8]);
        let mut to = Columns { bytes: &mut self.bytes, count: 0 };
        columns(&mut to);
        let count = to.count;
        let length = self.bytes.len() - begin - 4;
        self.bytes[begin..begin + 4].copy_from_slice(&size(length).to_be_bytes());
        self.bytes[begin + 4..begin + 8].copy_from_slice(&count.to_be_bytes());
        self.rows += 1;
        self.bytes[COUNT_AT..COUNT_AT + 4].copy_from_slice(&self.rows.to_be_bytes());
    }

    /// As a value of this database, where each type has a number of its own.
    pub(super) fn bound(&self, numbers: &RowNumbers) -> Bound<'_> {
        Bound { set: self, number: numbers.0[self.of as usize] }
    }
}

/// The columns of a row that is being written.
#[derive(Debug)]
pub(super) struct Columns<'s> {
    bytes: &'s mut Vec<u8>,
    count: u32,
}

impl Columns<'_> {
    pub(super) fn text(&mut self, value: &str) -> &mut Self {
        self.maybe_text(Some(value))
    }

    pub(super) fn maybe_text(&mut self, value: Option<&str>) -> &mut Self {
        self.column(TEXT, value.map(str::as_bytes))
    }

    pub(super) fn int(&mut self, value: i64) -> &mut Self {
        self.maybe_int(Some(value))
    }

    pub(super) fn maybe_int(&mut self, value: Option<i64>) -> &mut Self {
        self.column(BIGINT, value.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice))
    }

    pub(super) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.column(BYTEA, Some(value))
    }

    fn column(&mut self, of: u32, value: Option<&[u8]>) -> &mut Self {
        self.bytes.extend(of.to_be_bytes());
        match value {
            Some(value) => {
                self.bytes.extend(size(value.len()).to_be_bytes());
                self.bytes.extend_from_slice(value);
            }
            None => self.bytes.extend((-1_i32).to_be_bytes()),
        }
        self.count += 1;
        self
    }
}

/// PostgreSQL takes no value of two gigabytes; what is larger it refuses by itself.
fn size(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

/// The numbers by which one database knows the row types and their arrays.
#[derive(Clone, Debug)]
pub(super) struct RowNumbers([(u32, u32); RowType::ALL.len()]);

impl RowNumbers {
    /// From what a database says about the types by their names; none if one is missing.
    pub(super) fn of(found: impl Fn(&str) -> Option<(u32, u32)>) -> Option<Self> {
        let mut numbers = [(0, 0); RowType::ALL.len()];
        for of in RowType::ALL {
            numbers[of as usize] = found(of.name())?;
        }
        Some(Self(numbers))
    }
}

/// A set as a value of one database.
#[derive(Debug)]
pub(super) struct Bound<'s> {
    set: &'s Set,
    number: (u32, u32),
}

impl Type<Postgres> for Bound<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("record[]")
    }
}

impl Encode<'_, Postgres> for Bound<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let (element, _) = self.number;
        buffer.extend_from_slice(&self.set.bytes[..ELEMENT_AT]);
        buffer.extend(element.to_be_bytes());
        buffer.extend_from_slice(&self.set.bytes[COUNT_AT..]);
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(PgTypeInfo::with_oid(Oid(self.number.1)))
    }
}
