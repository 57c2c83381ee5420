//! The standard normal distribution, from nothing but `libm`.

use libm::{erfc, log, sqrt};

/// The chance that a standard normal deviate is at least |z| away from 0, on either side: erfc(|z| / √2),
/// 0…1, for any `z`.
///
/// # References
/// Abramowitz, M. and Stegun, I. A. (1964), Handbook of Mathematical Functions, formula 26.2.29.
#[must_use]
pub fn two_sided_p(z: f64) -> f64 {
    erfc(z.abs() / core::f64::consts::SQRT_2)
}

/// The standard normal quantile of a probability `p` strictly between 0 and 1 (else `NaN`), in standard
/// deviations: any number, 0 for ½. Accurate to about 1 part in 10^16.
///
/// # References
/// Wichura, M. J. (1988), "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied
/// Statistics 37(3), 477–484, routine PPND16.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * horner(&A, r) / horner(&B, r);
    }
    // Beyond 0 and 1 there is no logarithm, and at them nothing finite.
    upper_tail(p.min(1.0 - p)).copysign(q)
}

/// The z that a share `tail` of all deviates exceeds, for a tail of less than 0.075: exact where `1 - tail`
/// would be rounded.
///
/// # References
/// As [`normal_quantile`].
fn upper_tail(tail: f64) -> f64 {
    let r = sqrt(-log(tail));
    if r <= 5.0 {
        horner(&C, r - 1.6) / horner(&D, r - 1.6)
    } else {
        horner(&E, r - 5.0) / horner(&F, r - 5.0)
    }
}

/// The z that a share `tail` (above 0, below 1; else `NaN`) of all deviates exceeds, in standard deviations:
/// any number, 0 for ½. As exact for small tails.
///
/// # References
/// As [`normal_quantile`].
#[must_use]
pub fn normal_upper(tail: f64) -> f64 {
    // The lower tail is a number of its own there, and never rounded.
    -normal_quantile(tail)
}

fn horner(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

const A: [f64; 8] = [
    3.387_132_872_796_366_5,
    133.141_667_891_784_38,
    1_971.590_950_306_551_3,
    13_731.693_765_509_46,
    45_921.953_931_549_87,
    67_265.770_927_008_7,
    33_430.575_583_588_13,
    2_509.080_928_730_122_7,
];
const B: [f64; 8] = [
    1.0,
    42.313_330_701_600_91,
    687.187_007_492_057_9,
    5_394.196_021_424_751,
    21_213.794_301_586_597,
    39_307.895_800_092_71,
    28_729.085_735_721_943,
    5_226.495_278_852_854,
];
const C: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    0.241_780_725_177_450_6,
    0.022_723_844_989_269_184,
    0.000_774_545_014_278_341_4,
];
const D: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    0.689_767_334_985_1,
    0.148_103_976_427_480_08,
    0.015_198_666_563_616_457,
    0.000_547_593_808_499_534_5,
    1.050_750_071_644_416_9e-9,
];
const E: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    0.296_560_571_828_504_87,
    0.026_532_189_526_576_124,
    0.001_242_660_947_388_078_4,
    0.000_027_115_555_687_434_876,
    2.010_334_399_292_288_1e-7,
];
const F: [f64; 8] = [
    1.0,
    0.599_832_206_555_888,
    0.136_929_880_922_735_8,
    0.014_875_361_290_850_615,
    0.000_786_869_131_145_613_3,
    0.000_018_463_183_175_100_547,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_8e-15,
];
