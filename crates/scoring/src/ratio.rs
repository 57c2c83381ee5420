use crate::wide::Wide;
use alloc::string::String;
use core::{fmt, num::IntErrorKind, str::FromStr};

/// An exact fraction in lowest terms, so that nothing is rounded before it is shown.
///
/// # Range
/// Numerator and denominator are at most 10^37 in size; the denominator is positive. The unit is that of the
/// number it stands for.
///
/// # Examples
/// ```
/// use candor_scoring::Ratio;
/// let third = Ratio::new(-100, 300).unwrap();
/// assert_eq!(third.to_string(), "-1/3");
/// assert_eq!(third.rounded(2), "-0.33");
/// assert_eq!(third.rounded(0), "0");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    num: i128,
    den: i128,
}

/// The size that numerator and denominator may have: ten times it still fits an `i128`.
const LIMIT: u128 = 10_u128.pow(37);

impl Ratio {
    pub(crate) const ZERO: Self = Self { num: 0, den: 1 };

    /// A fraction in lowest terms, or `None` if `den` is not positive or one of them is out of range.
    #[must_use]
    pub const fn new(num: i128, den: i128) -> Option<Self> {
        if den <= 0 || den.unsigned_abs() > LIMIT || num.unsigned_abs() > LIMIT {
            return None;
        }
        let divisor = gcd(num.unsigned_abs(), den.unsigned_abs()) as i128;
        Some(Self { num: num / divisor, den: den / divisor })
    }

    /// The numerator, which carries the sign.
    #[must_use]
    pub const fn numerator(self) -> i128 {
        self.num
    }

    /// The denominator, at least 1.
    #[must_use]
    pub const fn denominator(self) -> i128 {
        self.den
    }

    /// The sum; `None` if it is out of range.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let (a, b) = (self.num.checked_mul(other.den)?, other.num.checked_mul(self.den)?);
        Self::new(a.checked_add(b)?, self.den.checked_mul(other.den)?)
    }

    /// The difference; `None` if it is out of range.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(Self { num: -other.num, den: other.den })
    }

    /// The nearest floating-point number, so that a larger fraction never gives a smaller one.
    #[must_use]
    pub const fn value(self) -> f64 {
        const EXACT: u128 = 1 << f64::MANTISSA_DIGITS;
        let (num, den) = (self.num.unsigned_abs(), self.den.unsigned_abs());
        if num <= EXACT && den <= EXACT {
            return self.num as f64 / self.den as f64;
        }
        // Long division to more bits than the result holds. The last one also stands for all that are left,
        // so that the conversion is the only rounding.
        let (mut quotient, mut rest, mut shift) = (num / den, num % den, 0_u64);
        while quotient < 1 << 60 && rest != 0 {
            rest <<= 1;
            quotient = quotient << 1 | (rest >= den) as u128;
            rest %= den;
            shift += 1;
        }
        quotient |= (rest != 0) as u128;
        let size = quotient as f64 * f64::from_bits((1023 - shift) << 52);
        if self.num < 0 { -size } else { size }
    }

    /// The fraction as text with so many digits after the point (0…255), rounded once, half away from zero. A
    /// value that rounds to zero has no sign.
    #[must_use]
    pub fn rounded(self, decimals: u8) -> String {
        let den = self.den.unsigned_abs();
        let (mut whole, mut rest) = (self.num.unsigned_abs() / den, self.num.unsigned_abs() % den);
        let mut digits = alloc::vec::Vec::with_capacity(usize::from(decimals));
        for _ in 0..decimals {
            rest *= 10;
            digits.push((rest / den) as u8);
            rest %= den;
        }
        if rest * 2 >= den {
            let mut carry = true;
            for digit in digits.iter_mut().rev() {
                if *digit < 9 {
                    *digit += 1;
                    carry = false;
                    break;
                }
                *digit = 0;
            }
            whole += u128::from(carry);
        }
        let mut text = String::new();
        if self.num < 0 && (whole > 0 || digits.iter().any(|d| *d > 0)) {
            text.push('-');
        }
        text.push_str(&alloc::format!("{whole}"));
        if decimals > 0 {
            text.push('.');
        }
        text.extend(digits.iter().map(|d| char::from(b'0' + d)));
        text
    }
}

/// A numerator and its denominator, not in lowest terms.
pub(crate) type Fraction = (i128, i128);

/// x_b / n_b − x_a / n_a for n above 0. The cross products are subtracted as whole numbers; where they do not
/// fit, which takes denominators of some 2^60, the fractions are subtracted with 31 digits.
pub(crate) fn apart((x_a, n_a): Fraction, (x_b, n_b): Fraction) -> Wide {
    let (over_a, over_b) = (Wide::from(n_a), Wide::from(n_b));
    let crossed = x_b.checked_mul(n_a).zip(x_a.checked_mul(n_b));
    match crossed.and_then(|(b, a)| b.checked_sub(a)) {
        Some(apart) => Wide::from(apart) / over_a / over_b,
        None => Wide::from(x_b) / over_b - Wide::from(x_a) / over_a,
    }
}

/// [`apart`], rounded once.
pub(crate) fn difference(a: Fraction, b: Fraction) -> f64 {
    apart(a, b).value()
}

const fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.num, self.den)
    }
}

/// Why a text is no [`Ratio`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotARatio {
    /// It is not a whole number, nor two with a slash between them of which the second is above 0.
    Form,
    /// One of its numbers is beyond 10^37 in size.
    TooLarge,
}

impl fmt::Display for NotARatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "not a fraction p/q with q above 0",
            Self::TooLarge => "p or q is beyond 10^37 in size",
        })
    }
}

impl core::error::Error for NotARatio {}

impl FromStr for Ratio {
    type Err = NotARatio;

    /// Reads `p/q` or a whole number.
    ///
    /// # Errors
    /// [`NotARatio`] for anything else, and out of range.
    fn from_str(text: &str) -> Result<Self, NotARatio> {
        let (num, den) = text.split_once('/').unwrap_or((text, "1"));
        let parse = |part: &str| {
            part.parse::<i128>().map_err(|error| match error.kind() {
                IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => NotARatio::TooLarge,
                _ => NotARatio::Form,
            })
        };
        let (num, den) = (parse(num)?, parse(den)?);
        let fault = if den > 0 { NotARatio::TooLarge } else { NotARatio::Form };
        Self::new(num, den).ok_or(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::ToString};

    #[track_caller]
    fn check(text: &str, decimals: u8, expect: &str) {
        assert_eq!(text.parse::<Ratio>().unwrap().rounded(decimals), expect, "{text}");
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        check("1/2", 0, "1");
        check("-1/2", 0, "-1");
        check("5/2", 0, "3");
        check("25/100", 1, "0.3");
        check("-1/8", 2, "-0.13");
        check("49/100", 0, "0");
        check("199/200", 2, "1.00");
        check("1999/20", 1, "100.0");
        check("-1999/20", 0, "-100");
    }

    #[test]
    fn zero_never_has_a_sign() {
        check("-1/3", 0, "0");
        check("-1/300", 2, "0.00");
        check("0/7", 1, "0.0");
        check("-4/1000", 3, "-0.004");
    }

    #[test]
    fn text_is_read_and_written_in_lowest_terms() {
        let fault = |text: &str| text.parse::<Ratio>().unwrap_err();
        for text in ["200/-3", "1/0", "", "1.5", "1/2/3", "0/-1", "x/9"] {
            assert_eq!(fault(text), NotARatio::Form, "{text}");
        }
        let (most, beyond) =
            ("10000000000000000000000000000000000000", "10000000000000000000000000000000000001");
        for text in [
            format!("{beyond}/3"),
            format!("1/{beyond}"),
            format!("-{most}{most}"),
            format!("1/{most}0{most}"),
        ] {
            assert_eq!(fault(&text), NotARatio::TooLarge, "{text}");
        }
        assert_ne!(NotARatio::Form.to_string(), NotARatio::TooLarge.to_string());
        let big = "-10000000000000000000000000000000000000/3".parse::<Ratio>().unwrap();
        assert_eq!(big.rounded(1), "-3333333333333333333333333333333333333.3");
        let ratio = "-6/8".parse::<Ratio>().unwrap();
        assert_eq!((ratio.numerator(), ratio.denominator(), ratio.value()), (-3, 4, -0.75));
        assert_eq!("0/8".parse::<Ratio>().unwrap().to_string(), "0/1");
        assert_eq!("7".parse::<Ratio>().unwrap().to_string(), "7/1");
        assert_eq!(Ratio::new(i128::MIN, 1), None);
    }

    #[test]
    fn the_value_is_the_nearest_number() {
        let check = |num, den, expect: f64| assert_eq!(Ratio::new(num, den).unwrap().value(), expect);
        // 2^53 + 1 lies halfway and goes to the even neighbour; a trace more goes up.
        check((1 << 53) + 1, 1, 9_007_199_254_740_992.0);
        check(((1 << 53) + 1) * 1_000_000 + 1, 1_000_000, 9_007_199_254_740_994.0);
        check(-(((1 << 53) + 1) * 1_000_000 + 1), 1_000_000, -9_007_199_254_740_994.0);
        check((1 << 60) - 1, (1 << 60) - 1, 1.0);
        check(1, 10_i128.pow(37), 1e-37);
        check(10_i128.pow(37), 1, 1e37);
        check(0, 10_i128.pow(37), 0.0);
        check((1 << 100) + 1, (1 << 101) + 2, 0.5);
        check(3 << 100, 7, 3.0 * 2_f64.powi(100) / 7.0);
    }

    #[test]
    fn sums_are_exact_or_none() {
        let of = |text: &str| text.parse::<Ratio>().unwrap();
        assert_eq!(of("1/3").checked_add(of("1/6")), Some(of("1/2")));
        assert_eq!(of("1/3").checked_sub(of("1/2")), Some(of("-1/6")));
        assert_eq!(of("10000000000000000000000000000000000000").checked_add(of("1/3")), None);
        assert_eq!(of("1/10000000000000000000").checked_sub(of("1/9999999999999999999")), None);
    }

    #[test]
    fn a_difference_that_does_not_fit_is_taken_with_31_digits() {
        let n = (1_i128 << 64) - 1;
        assert_eq!(difference((10 * n - 1, n), (10 * n, n)) * n as f64, 1.0);
        assert_eq!(difference((-n, n), (n, n)), 2.0);
    }

    #[test]
    fn a_long_division_keeps_its_digits() {
        check("1/7", 30, "0.142857142857142857142857142857");
        check("9007199254740993/1", 0, "9007199254740993");
        check("1/10000000000000000000000000000000000000", 37, "0.0000000000000000000000000000000000001");
    }
}
