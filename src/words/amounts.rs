//! Numbers, decimals and money as people of a language write and read them.

use super::Words;
use super::fill;

impl Words {
    /// A whole number with its groups: `1.234`.
    pub fn number(&self, number: i64) -> String {
        let digits = self.grouped(&number.unsigned_abs().to_string());
        if number < 0 { format!("-{digits}") } else { digits }
    }

    /// An exact decimal as a field keeps it (`-1234.50`): `-1.234,50`. What is no decimal stays as it is.
    pub fn decimal(&self, value: &str) -> String {
        let digits = value.strip_prefix('-').unwrap_or(value);
        let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
        let sound = |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
        if !sound(whole) || !sound(part) {
            return value.to_owned();
        }
        let sign = if value.starts_with('-') { "-" } else { "" };
        let whole = self.grouped(whole);
        if digits.contains('.') { format!("{sign}{whole}{}{part}", self.decimal) } else { format!("{sign}{whole}") }
    }

    /// An amount of money: `1.200.000 đồng`, `VND 1,200,000`.
    pub fn money(&self, amount: &str, currency: &str) -> String {
        let called = self.currencies.get(currency).map_or(currency, String::as_str);
        fill(&self.money, &[("amount", &self.decimal(amount)), ("currency", called)])
    }

    /// What somebody wrote as a number, as a field keeps it: with groups or without, with this language's decimal sign. The
    /// other sign groups three digits each (`1.200.000`); where it cannot, it is taken for the decimal sign (`7.5`).
    pub fn read_decimal(&self, text: &str) -> Option<String> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let digits = text.strip_prefix('-').unwrap_or(&text);
        let (whole, part) = match digits.split_once(self.decimal.as_str()) {
            Some((whole, part)) => (whole, Some(part)),
            None => (digits, None),
        };
        let groups: Vec<&str> = whole.split(self.group.as_str()).collect();
        let sound = |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
        if !groups.iter().all(|group| sound(group)) || !part.is_none_or(sound) {
            return None;
        }
        let grouped = groups.len() == 1
            || (groups.first().is_some_and(|first| first.len() <= 3)
                && groups[1..].iter().all(|group| group.len() == 3));
        let sign = if text.starts_with('-') { "-" } else { "" };
        match (grouped, groups.as_slice(), part) {
            (true, _, part) => {
                Some(format!("{sign}{}{}", groups.concat(), part.map(|part| format!(".{part}")).unwrap_or_default()))
            }
            (false, [whole, part], None) => Some(format!("{sign}{whole}.{part}")),
            (false, _, _) => None,
        }
    }

    fn grouped(&self, digits: &str) -> String {
        let mut out = String::with_capacity(digits.len() * 4 / 3 + 1);
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                out.push_str(&self.group);
            }
            out.push(digit);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn money_is_said_as_officers_write_it() {
        let (vi, en) = (Words::of("vi"), Words::of("en"));
        assert_eq!(vi.money("1200000", "VND"), "1.200.000 đồng");
        assert_eq!(en.money("1200000", "VND"), "VND 1,200,000");
        assert_eq!(vi.money("1200.50", "USD"), "1.200,50 đô la Mỹ");
        assert_eq!(en.money("-0.50", "CHF"), "CHF -0.50");
        assert_eq!(vi.decimal("12345678901234567890123.5"), "12.345.678.901.234.567.890.123,5");
    }

    #[test]
    fn what_people_write_is_read_and_what_is_unclear_is_not() {
        let (vi, en) = (Words::of("vi"), Words::of("en"));
        for (text, read) in [
            ("1.200.000", Some("1200000")),
            ("1200000", Some("1200000")),
            ("1 200 000,50", Some("1200000.50")),
            ("7,5", Some("7.5")),
            ("7.5", Some("7.5")),
            ("7.500", Some("7500")),
            ("-0,5", Some("-0.5")),
            ("1.20.000", None),
            ("1,2,3", None),
            ("", None),
            ("mười", None),
            ("1e3", None),
        ] {
            assert_eq!(vi.read_decimal(text).as_deref(), read, "{text}");
        }
        assert_eq!(en.read_decimal("1,200,000.5").as_deref(), Some("1200000.5"));
        assert_eq!(en.read_decimal("7,5").as_deref(), Some("7.5"));
    }

    #[test]
    fn what_a_page_shows_is_read_back_as_it_was() {
        for words in [Words::of("vi"), Words::of("en")] {
            for value in ["0", "1234", "1234567.891", "-0.125", "7.5", "1000.001"] {
                assert_eq!(words.read_decimal(&words.decimal(value)).as_deref(), Some(value));
            }
        }
    }
}
