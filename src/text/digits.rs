//! Numbers as a language writes them. On the wire they are plain numbers.

use candor_survey::ZEROS;

/// A whole number as JavaScript and CSS read it; `to_string` would bring the formatting machinery.
pub(crate) fn decimal(number: u64) -> String {
    localise(number, '0')
}

/// A number in the digits that follow `zero` in Unicode.
pub(crate) fn localise(number: u64, zero: char) -> String {
    let mut digits = String::new();
    let mut rest = number;
    loop {
        digits.insert(0, char::from_u32(zero as u32 + (rest % 10) as u32).unwrap_or(zero));
        rest /= 10;
        if rest == 0 {
            return digits;
        }
    }
}

/// Appends a byte as two hexadecimal digits; `format!` would bring more code than all else here.
pub(crate) fn push_hex(text: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        text.extend(char::from_digit(digit.into(), 16));
    }
}

/// The value of a digit in any of the scripts that have some, 0 to 9.
pub(crate) fn digit_of(key: &str) -> Option<u8> {
    let mut chars = key.chars();
    let (Some(typed), None) = (chars.next(), chars.next()) else { return None };
    ZEROS.iter().find_map(|&zero| {
        let value = (typed as u32).checked_sub(zero as u32)?;
        u8::try_from(value).ok().filter(|value| *value < 10)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_the_digits_of_the_language() {
        for (zero, expect) in [('0', "10"), ('٠', "١٠"), ('۰', "۱۰"), ('๐', "๑๐")] {
            assert_eq!(localise(10, zero), expect);
        }
        assert_eq!(localise(0, '۰'), "۰");
        assert_eq!(decimal(u64::MAX), u64::MAX.to_string());
    }

    #[test]
    fn digits_of_every_language_are_read() {
        for (key, expect) in [("0", 0), ("9", 9), ("٣", 3), ("۳", 3), ("๓", 3), ("３", 3)] {
            assert_eq!(digit_of(key), Some(expect), "{key}");
        }
        for key in ["", "a", "10", "Enter", "F1", "½"] {
            assert_eq!(digit_of(key), None, "{key}");
        }
    }
}
