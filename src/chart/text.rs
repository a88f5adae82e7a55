//! How wide texts are, and where their lines break. Measured with the widest of the fonts that a reader may have (Noto Sans,
//! Liberation Sans, `DejaVu` Sans), so that no text leaves its box whichever of them draws it.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A face that texts are set in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Face {
    /// Pixels.
    pub size: i32,
    /// Pixels from one line to the next.
    pub line: i32,
    /// Heavier.
    pub bold: bool,
}

/// Titles of states.
pub(super) const TITLE: Face = Face { size: 13, line: 16, bold: true };
/// Everything else.
pub(super) const SMALL: Face = Face { size: 11, line: 14, bold: false };
/// The head of the picture.
pub(super) const HEAD: Face = Face { size: 18, line: 24, bold: true };

/// Advance widths of the characters from space to tilde, in thousandths of the size.
const REGULAR: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 551, 838, 318, 361, 318, 372, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 636, 337, 337, 838, 838, 838, 556, 1015, 684, 686, 722, 770, 667, 611, 778, 752, 339, 500, 667, 557, 907,
    760, 787, 667, 787, 722, 667, 611, 732, 684, 989, 685, 667, 685, 390, 372, 390, 838, 556, 500, 613, 635, 550, 635,
    615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 413, 521, 392, 634, 592, 818, 592, 592, 525, 636,
    551, 636, 838,
];
const BOLD: [u16; 95] = [
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 545, 838, 380, 415, 380, 413, 696, 696, 696, 696, 696, 696, 696,
    696, 696, 696, 400, 400, 838, 838, 838, 611, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 389, 556, 775, 637, 995,
    837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 413, 457, 838, 556, 500, 675, 716, 593, 716,
    678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712,
    551, 712, 838,
];
/// The horn of `ơ` and `ư`: the only mark that makes a letter wider.
const HORN: char = '\u{31b}';
const HORN_WIDTH: i32 = 130;

/// The width of a text in pixels, rounded up.
pub(super) fn width(text: &str, face: Face) -> i32 {
    let thousandths: i32 = text.nfd().map(|letter| advance(letter, face.bold)).sum();
    (thousandths * face.size + 999) / 1000
}

fn advance(letter: char, bold: bool) -> i32 {
    let table = if bold { &BOLD } else { &REGULAR };
    let of_ascii = |letter: char| (letter as usize).checked_sub(32).and_then(|place| table.get(place)).copied();
    match letter {
        HORN => HORN_WIDTH,
        mark if is_combining_mark(mark) => 0,
        'đ' => of_ascii('d').map_or(0, i32::from),
        'Đ' => of_ascii('D').map_or(0, i32::from) + 10,
        other => of_ascii(other).map_or(1000, i32::from),
    }
}

/// A text in as few lines as fit the width, and these as even as they can be. A word that is too long has a line of its own.
pub(super) fn wrap(text: &str, face: Face, most: i32) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() {
        return Vec::new();
    }
    let (mut best, lines) = (most, greedy(&words, face, most).len());
    let widest = words.iter().map(|word| width(word, face)).max().unwrap_or(0);
    // The narrowest column that needs no more lines.
    let mut narrow = widest.min(most);
    while narrow < best {
        let middle = narrow + (best - narrow) / 2;
        if greedy(&words, face, middle).len() <= lines {
            best = middle;
        } else {
            narrow = middle + 1;
        }
    }
    greedy(&words, face, best)
}

fn greedy(words: &[&str], face: Face, most: i32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), face) <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push((*word).to_owned()),
        }
    }
    lines
}

/// The width of the widest line.
pub(super) fn widest(lines: &[String], face: Face) -> i32 {
    lines.iter().map(|line| width(line, face)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_take_no_room_and_both_forms_of_a_text_are_as_wide() {
        assert_eq!(width("Ho so", SMALL), width("Hồ sồ", SMALL));
        let composed = "Hội đồng thưởng";
        assert_eq!(width(composed, TITLE), width(&composed.nfd().collect::<String>(), TITLE));
        assert!(width("ư", SMALL) > width("u", SMALL));
    }

    #[test]
    fn lines_fit_are_as_few_as_possible_and_even() {
        let lines = wrap("Cơ quan thường trực kiểm tra hồ sơ đề nghị", TITLE, 150);
        assert!(lines.iter().all(|line| width(line, TITLE) <= 150), "{lines:?}");
        assert_eq!(lines.len(), 3);
        let widths: Vec<i32> = lines.iter().map(|line| width(line, TITLE)).collect();
        assert!(widths.iter().max() < widths.iter().min().map(|least| least * 2).as_ref(), "{widths:?}");
        assert_eq!(wrap("Bỏ", TITLE, 5), ["Bỏ"]);
        assert!(wrap("  ", TITLE, 50).is_empty());
    }
}
