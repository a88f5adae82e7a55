//! Every code once: what it means in a line, and at length for `chancery check --explain CODE`, in English and Vietnamese.

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code: `E0101`.
    pub code: &'static str,
    /// What it means, in one line.
    pub meaning: &'static str,
    /// At length, in English.
    pub en: &'static str,
    /// At length, in Vietnamese.
    pub vi: &'static str,
}

macro_rules! codes {
    ($($name:ident $code:literal $meaning:literal en $en:literal vi $vi:literal)*) => {
        $(#[doc = $meaning] pub const $name: &str = $code;)*

        /// Every code, in its order.
        pub const ALL: &[Code] = &[$(Code { code: $code, meaning: $meaning, en: $en, vi: $vi }),*];
    };
}

/// What a code means, if there is such a code.
pub fn find(code: &str) -> Option<&'static Code> {
    ALL.iter().find(|known| known.code.eq_ignore_ascii_case(code))
}

impl Code {
    /// The long explanation in a language; English where there is none.
    pub fn explanation(&self, language: &str) -> &'static str {
        if language == "vi" { self.vi } else { self.en }
    }
}

codes! {
    NOT_YAML "E0001" "The file is not YAML."
    en "" vi ""
    TAB "E0002" "A tab stands in the indentation."
    en "" vi ""
    DUPLICATE_KEY "E0003" "A key is written twice in one mapping."
    en "" vi ""
    TOO_MUCH "E0004" "The file is larger, deeper or has more values than a workflow may have."
    en "" vi ""
    UNKNOWN_KEY "E0101" "A key is not known at its place."
    en "" vi ""
    MISSING_KEY "E0102" "A key is missing."
    en "" vi ""
    WRONG_TYPE "E0103" "A value is of another type than its key wants."
    en "" vi ""
    UNKNOWN_WORD "E0104" "One of a few words was expected."
    en "" vi ""
    BAD_NAME "E0105" "A name does not look like a name."
    en "" vi ""
    DELAY "E0106" "A span of time cannot be read, or does not lie ahead."
    en "" vi ""
    DATE "E0107" "There is no such day."
    en "" vi ""
    SHARE "E0108" "A share of votes cannot be read or cannot be reached."
    en "" vi ""
    PHRASE "E0109" "A phrase that names a unit or a body cannot be read."
    en "" vi ""
    LEVEL "E0110" "The language level of the file is not known."
    en "" vi ""
    NO_FILE "E0111" "A file that the workflow names is not there."
    en "" vi ""
    KEYS_TOGETHER "E0112" "Keys stand together that do not go together."
    en "" vi ""
    TRANSLATION "E0113" "A translation says something where the workflow has no text."
    en "" vi ""
    SCHEDULE "E0114" "A schedule or its time zone cannot be read."
    en "" vi ""
    LIMIT "E0115" "A limit of a field is not possible."
    en "" vi ""
    UNKNOWN_STATE "E0201" "There is no such state."
    en "" vi ""
    UNKNOWN_ROLE "E0202" "There is no such role."
    en "" vi ""
    UNKNOWN_GUARD "E0203" "There is no such guard."
    en "" vi ""
    UNKNOWN_FIELD "E0204" "There is no such field."
    en "" vi ""
    UNKNOWN_VOTE "E0205" "There is no such vote."
    en "" vi ""
    UNKNOWN_TABLE "E0206" "There is no such table."
    en "" vi ""
    UNKNOWN_PAPER "E0207" "There is no such kind of paper."
    en "" vi ""
    FIELD_TYPE "E0208" "A field has another type than its use wants."
    en "" vi ""
    NAME_CLASH "E0209" "One name means two things in formulas."
    en "" vi ""
    FINAL_STATE "E0210" "A final state says what only a state that goes on can say."
    en "" vi ""
    COMPOUND_STATE "E0211" "A state with states inside lacks its first one, or says what belongs to an inner one."
    en "" vi ""
    NOTHING_TO_DO "E0212" "Somebody is asked and can do nothing."
    en "" vi ""
    RESUME "E0213" "There is nothing to resume."
    en "" vi ""
    LIST_ONLY "E0214" "Only a list says this, or a list lacks what makes it one."
    en "" vi ""
    FORMULA "E0215" "A formula cannot be read."
    en "" vi ""
    UNREACHABLE "E0301" "No dossier ever gets to this state."
    en "" vi ""
    NO_END "E0302" "A dossier that gets here never ends."
    en "" vi ""
    SHADOWED "E0303" "A branch is never taken, because one before it always holds."
    en "" vi ""
    CIRCLE "E0304" "States follow each other in a circle without anybody in it."
    en "" vi ""
    UNHANDLED "E0305" "An outcome has no transition."
    en "" vi ""
    NO_CAUSE "E0306" "Nothing and nobody raises this event."
    en "" vi ""
    UNUSED "W0401" "Something is declared and never used."
    en "" vi ""
    NO_LABEL "W0402" "A button has no words."
    en "" vi ""
    IDLE_DEADLINE "W0403" "Nothing happens when a deadline ends."
    en "" vi ""
    NO_STARTER "W0404" "Nobody can start a dossier."
    en "" vi ""
}
