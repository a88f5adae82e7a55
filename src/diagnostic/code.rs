//! Every code once. What it means, and the words of its faults, stand in the catalogue (`texts/`), once per language.

use super::texts::Texts;

/// A code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code: `E0101`. It begins with E where the file cannot be used, with W where something is worth a look.
    pub code: &'static str,
    /// The name of its constant: `UNKNOWN_KEY`.
    pub name: &'static str,
}

macro_rules! codes {
    ($($name:ident $code:literal)*) => {
        $(#[doc = concat!("`", $code, "`: see `chancery check --explain ", $code, "`.")] pub const $name: &str = $code;)*

        /// Every code, in its order.
        pub const ALL: &[Code] = &[$(Code { code: $code, name: stringify!($name) }),*];
    };
}

/// The code of this name, if there is such a code; small letters will do.
pub fn find(code: &str) -> Option<&'static Code> {
    ALL.iter().find(|known| known.code.eq_ignore_ascii_case(code))
}

impl Code {
    /// What it means, in one line of a language.
    pub fn meaning(&self, language: &str) -> &'static str {
        Texts::of(language).phrase(self.code, "meaning")
    }

    /// What it means, at length.
    pub fn explanation(&self, language: &str) -> &'static str {
        Texts::of(language).phrase(self.code, "explain")
    }
}

codes! {
    NOT_YAML "E0001"
    TAB "E0002"
    DUPLICATE_KEY "E0003"
    TOO_MUCH "E0004"
    UNKNOWN_KEY "E0101"
    MISSING_KEY "E0102"
    WRONG_TYPE "E0103"
    UNKNOWN_WORD "E0104"
    BAD_NAME "E0105"
    DELAY "E0106"
    DATE "E0107"
    SHARE "E0108"
    PHRASE "E0109"
    LEVEL "E0110"
    NO_FILE "E0111"
    KEYS_TOGETHER "E0112"
    TRANSLATION "E0113"
    SCHEDULE "E0114"
    LIMIT "E0115"
    NUMBER_FORMAT "E0116"
    UNKNOWN_STATE "E0201"
    UNKNOWN_ROLE "E0202"
    UNKNOWN_GUARD "E0203"
    UNKNOWN_FIELD "E0204"
    UNKNOWN_VOTE "E0205"
    UNKNOWN_TABLE "E0206"
    UNKNOWN_PAPER "E0207"
    FIELD_TYPE "E0208"
    NAME_CLASH "E0209"
    FINAL_STATE "E0210"
    COMPOUND_STATE "E0211"
    NOTHING_TO_DO "E0212"
    RESUME "E0213"
    LIST_ONLY "E0214"
    FORMULA "E0215"
    UNSEEN "E0216"
    UNKNOWN_NOTE "E0217"
    COST "E0218"
    UNKNOWN_NUMBER "E0219"
    UNKNOWN_REGISTER "E0220"
    PARALLEL "E0221"
    HISTORY "E0222"
    DECISION_GAP "E0223"
    DECISION_OVERLAP "E0224"
    UNKNOWN_DECISION "E0225"
    UNKNOWN_MAIL "E0226"
    HOLE "E0227"
    DRAFT "E0228"
    MEASURE "E0229"
    PARTIES "E0231"
    OUTSIDE "E0232"
    POSTING "E0233"
    COMPARISON "E0234"
    PUBLIC_START "E0235"
    UNKNOWN_CHILDREN "E0241"
    UNRELATED "E0242"
    UNREACHABLE "E0301"
    NO_END "E0302"
    SHADOWED "E0303"
    CIRCLE "E0304"
    UNHANDLED "E0305"
    NO_CAUSE "E0306"
    NO_WAY_OUT "E0307"
    AS_IF_PASSED "E0308"
    NEVER_DONE "E0311"
    SELF_APPROVAL "E0320"
    NOBODY_LEFT "E0321"
    SEPARATION "E0322"
    UNMASKS "E0324"
    SAME_WORKFLOW "E0501"
    NO_LIST "E0502"
    LIST_FIELDS "E0503"
    TOLD "E0504"
    CHILDREN "E0505"
    OPENS_ITSELF "E0506"
    NOT_IN_DIRECTORY "E0521"
    NOBODY_ACTS "E0522"
    CANNOT_PASS "E0523"
    SWAP "E0601"
    FORMULA_CELL "E0701"
    NOBODY "E0702"
    UNIT_CIRCLE "E0703"
    AT_ONCE "E0704"
    PERIOD "E0705"
    CODE_TWICE "E0706"
    EMPTY_CELL "E0707"
    MAILBOX "E0708"
    ENCODING "E0801"
    COLUMNS "E0802"
    RAGGED "E0803"
    NO_TABLE "E0804"
    WORKBOOK "E0805"
    SHEET_CELL "E0806"
    NO_IMPORT "E0821"
    IMPORT_KEY "E0822"
    IMPORT_VALUE "E0823"
    IMPORT_REGISTER "E0824"
    IMPORT_PAPER "E0825"
    IMPORT_ROWS "E0826"
    SCENARIO_STEP "E0901"
    SCENARIO_PERSON "E0902"
    SCENARIO_EVENT "E0903"
    SCENARIO_VALUE "E0904"
    SCENARIO_DOSSIER "E0905"
    SCENARIO_NAME "E0906"
    SCENARIO_COLUMN "E0907"
    NOT_AS_EXPECTED "E0931"
    UNUSED "W0401"
    NO_LABEL "W0402"
    IDLE_DEADLINE "W0403"
    NO_STARTER "W0404"
    SILENT_REFUSAL "W0405"
    LOOP "W0406"
    GRANTS_ALONE "W0407"
    RECUSAL "W0408"
    UNTRANSLATED "W0409"
    LEAVES_REGIONS "W0411"
    NOT_PROVEN "W0412"
    ENDLESS "W0413"
    NO_ROOM "W0421"
    NOBODY_ACTS_SOMEWHERE "W0521"
    FEW_VOTERS "W0522"
    SHARED_MAILBOX "W0701"
}

#[cfg(test)]
mod tests {
    use super::{ALL, find};
    use crate::diagnostic::texts::LANGUAGES;

    #[test]
    fn every_code_is_said_once_and_explained_in_every_language() {
        for (at, code) in ALL.iter().enumerate() {
            assert!(ALL[..at].iter().all(|other| other.code != code.code), "{} stands twice", code.code);
            assert_eq!(find(&code.code.to_lowercase()), Some(code));
            for language in LANGUAGES {
                assert!(code.meaning(language).ends_with('.'), "{}: no meaning in {language}", code.code);
                assert!(code.explanation(language).ends_with('.'), "{}: no explanation in {language}", code.code);
            }
        }
    }
}
