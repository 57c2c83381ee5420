//! Words, digits and direction.

mod digits;
mod fill;
mod pack;

pub(crate) use digits::{decimal, digit_of};
pub(crate) use fill::{FSI, PDI, fill};
pub(crate) use pack::Texts;
