//! Vietnamese names: sorted by given name in the order of the Vietnamese alphabet, found whether or not somebody typed the
//! marks. `Hoà` and `Hòa` are one name in two habits of placing the tone; `Hoa` is another.
//!
//! Ours and no collation crate's: ICU compares whole strings, so that the given name could not come first without cutting names apart
//! here anyway, and takes the two habits for two names; its tables would be the largest data in the program for one alphabet.

use unicode_normalization::UnicodeNormalization;

/// The alphabet, with the letters of foreign names where Latin has them.
const ALPHABET: &str = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz";
/// The tones in the order of dictionaries: none, huyền, hỏi, ngã, sắc, nặng.
const TONES: [char; 5] = ['\u{300}', '\u{309}', '\u{303}', '\u{301}', '\u{323}'];
/// The marks that make other letters: breve, circumflex, horn.
const MARKS: [char; 3] = ['\u{306}', '\u{302}', '\u{31b}'];

/// Orders names: compare two keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SortKey(Vec<u32>);

/// The key by which a name is sorted: the given name (its last word) first, then the words before it from the left.
pub fn sort_key(name: &str) -> SortKey {
    let words: Vec<Syllable> = name.split_whitespace().map(Syllable::of).collect();
    key(words.last().into_iter().chain(words.iter().take(words.len().saturating_sub(1))))
}

/// The key by which anything else is sorted, word by word from the left: names of units, titles.
pub fn text_key(text: &str) -> SortKey {
    let words: Vec<Syllable> = text.split_whitespace().map(Syllable::of).collect();
    key(words.iter())
}

fn key<'w>(words: impl Iterator<Item = &'w Syllable>) -> SortKey {
    let ranks = |word: &Syllable| word.letters.chars().map(rank).chain([0, word.tone]).collect::<Vec<_>>();
    SortKey(words.flat_map(ranks).collect())
}

/// What is compared in a search: small letters without marks, one blank between words.
pub fn search_key(name: &str) -> String {
    let plain = |word: &str| -> String {
        word.nfd()
            .filter(|c| !TONES.contains(c) && !MARKS.contains(c))
            .flat_map(char::to_lowercase)
            .map(|c| if c == 'đ' { 'd' } else { c })
            .nfc()
            .collect()
    };
    name.split_whitespace().map(plain).collect::<Vec<_>>().join(" ")
}

/// What tells two names apart whatever the habit of placing tones: `Hoà` and `Hòa` have the same, `Hoa` has another.
pub fn spelling_key(name: &str) -> String {
    let spelled = |word| {
        let syllable = Syllable::of(word);
        format!("{}{}", syllable.letters, syllable.tone)
    };
    name.split_whitespace().map(spelled).collect::<Vec<_>>().join(" ")
}

/// A word: its letters in small (`hoa`), and its tone.
struct Syllable {
    letters: String,
    tone: u32,
}

impl Syllable {
    fn of(word: &str) -> Self {
        let mut tone = 0;
        let letters = word
            .nfd()
            .filter(|c| match (1..).zip(TONES).find(|(_, mark)| mark == c) {
                Some((number, _)) => {
                    tone = number;
                    false
                }
                None => true,
            })
            .flat_map(char::to_lowercase)
            .nfc()
            .collect();
        Self { letters, tone }
    }
}

/// Digits, then the alphabet, then everything else.
fn rank(letter: char) -> u32 {
    match letter.to_digit(10) {
        Some(digit) => digit + 1,
        None => match (11..).zip(ALPHABET.chars()).find(|(_, known)| *known == letter) {
            Some((rank, _)) => rank,
            None => u32::from(letter).saturating_add(100),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_by_given_name_in_the_vietnamese_alphabet() {
        let sorted = [
            "Nguyễn Thị An",
            "Lê Văn Ân",
            "Trần Dũng",
            "Phạm Văn Đạt",
            "Vũ Hoa",
            "Bùi Hòa",
            "Vũ Hoà",
            "Lê Hỏa",
            "Lê Hoạ",
            "Đỗ Oanh",
            "Lê Ông",
            "Lê Ơn",
            "Lê Tú",
            "Lê Tư",
            "Hà Yến",
        ];
        let mut names = sorted;
        names.reverse();
        names.sort_by_key(|name| sort_key(name));
        assert_eq!(names, sorted);
    }

    #[test]
    fn texts_are_sorted_from_the_left_in_the_vietnamese_alphabet() {
        let sorted = ["Ban Kế hoạch", "Cục Công tác", "Cục Đăng kiểm", "Đảng ủy", "Vụ Ấn loát", "Vụ Bản tin"];
        let mut texts = sorted;
        texts.reverse();
        texts.sort_by_key(|text| text_key(text));
        assert_eq!(texts, sorted);
    }

    #[test]
    fn a_search_finds_a_name_without_its_marks() {
        for (name, typed) in [
            ("Nguyễn Thị Minh Họa", "nguyen  thi minh HOA"),
            ("Đặng Thị Hư Cấu", "dang thi hu cau"),
            ("Phạm Hoà", "Phạm Hòa"),
            ("Trần Thuý", "Trần Thúy"),
            ("Hoa\u{300}", "hoà"),
        ] {
            assert_eq!(search_key(name), search_key(typed), "{name}");
        }
    }

    #[test]
    fn the_place_of_a_tone_is_a_habit_and_a_tone_is_not() {
        assert_eq!(spelling_key("Phạm Hoà"), spelling_key("Phạm Hòa"));
        assert_eq!(sort_key("Phạm Hoà"), sort_key("Phạm Hòa"));
        assert_ne!(spelling_key("Phạm Hoa"), spelling_key("Phạm Hòa"));
        assert_ne!(spelling_key("Lê Tư"), spelling_key("Lê Tu"));
    }
}
