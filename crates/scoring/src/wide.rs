//! Numbers of twice the digits, for sums in which nearly all digits cancel.

use core::ops::{Add, Div, Mul, Neg, Sub};
use libm::fma;

/// The sum of two floating-point numbers, the second below the last digit of the first: some 31 digits.
///
/// # References
/// Dekker, T. J. (1971), "A Floating-Point Technique for Extending the Available Precision", Numerische
/// Mathematik 18(3), 224–242.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wide {
    high: f64,
    low: f64,
}

impl Wide {
    pub(crate) const ZERO: Self = Self { high: 0.0, low: 0.0 };

    /// The nearest floating-point number; zero has no sign.
    pub(crate) fn value(self) -> f64 {
        self.high + self.low + 0.0
    }

    /// Both numbers together, with what their sum rounds away.
    fn sum(a: f64, b: f64) -> Self {
        let high = a + b;
        let of_b = high - a;
        Self { high, low: (a - (high - of_b)) + (b - of_b) }
    }
}

impl From<f64> for Wide {
    fn from(high: f64) -> Self {
        Self { high, low: 0.0 }
    }
}

impl From<i128> for Wide {
    fn from(whole: i128) -> Self {
        let high = whole as f64;
        Self { high, low: (whole - high as i128) as f64 }
    }
}

impl Neg for Wide {
    type Output = Self;

    fn neg(self) -> Self {
        Self { high: -self.high, low: -self.low }
    }
}

impl Add for Wide {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (high, low) = (Self::sum(self.high, other.high), Self::sum(self.low, other.low));
        let sum = Self::sum(high.high, high.low + low.high);
        Self::sum(sum.high, sum.low + low.low)
    }
}

impl Sub for Wide {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Wide {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let high = self.high * other.high;
        let low = fma(self.high, other.high, -high);
        Self::sum(high, low + (self.high * other.low + self.low * other.high))
    }
}

impl Div for Wide {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let first = self.high / other.high;
        let rest = self - other * first.into();
        let second = rest.high / other.high;
        let rest = rest - other * second.into();
        Self::sum(first, second) + (rest.high / other.high).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_number_cannot_hold_is_left_after_the_rest_cancels() {
        let big = (1_i128 << 100) + 1;
        assert_eq!((Wide::from(big) - Wide::from(1_i128 << 100)).value(), 1.0);
        let third = Wide::from(1.0) / Wide::from(3.0);
        let left = third * Wide::from(3.0) - Wide::from(1.0);
        assert!(left.value().abs() < 1e-31);
        assert!((third - Wide::from(1.0 / 3.0)).value() > 1e-17);
        let square = Wide::from((1_i128 << 60) + 1) * Wide::from((1_i128 << 60) - 1);
        assert!((square - Wide::from((1_i128 << 120) - 1)).value().abs() <= 2_f64.powi(16));
        assert_eq!(Wide::from(i128::MAX).value(), 2_f64.powi(127));
        assert_eq!(Wide::from(i128::MIN).value(), -(2_f64.powi(127)));
    }

    #[test]
    fn zero_has_no_sign() {
        assert!((-Wide::ZERO).value().is_sign_positive());
        assert!((Wide::ZERO * Wide::from(-3.0)).value().is_sign_positive());
    }
}
