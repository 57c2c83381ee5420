//! The arithmetic of NPS, CSAT and CES, the same in the browser and on the server.
//!
//! | Look for | In |
//! |---|---|
//! | the points that a rating may take | [`Scale`], [`Direction`], [`Look`], [`Rating`] |
//! | who is a promoter, satisfied, at ease | [`Metric::band`], [`TopBox`] |
//! | a metric on the scale on which it is asked | [`Measure`] |
//! | counts per point | [`Tally`] |
//! | a score with its interval | [`Score`]; in depth [`Nps`], [`Share`], [`Moments`] |
//! | whether a change is real | [`compare`], [`multiplicity`], [`goodman`] |
//! | how many answers are needed | [`sample_size_for_margin`], [`sample_size_for_difference`] |
//! | who is missing | [`nonresponse_bounds`], [`post_stratify`] |
//! | charts that may be watched daily | [`monitor`], [`anytime`] |
//! | why it moved | [`decompose`], [`tag_impact`], [`drivers`], [`keyword`] |
//! | retention and its like | [`operational`] |
//! | how a number came about | [`Receipt`], [`Formula`] |
//! | exact fractions and their display | [`Ratio`] |
//!
//! There is no I/O, no clock, no randomness and no serde here, and no data is `None`, never 0. What needs
//! Student's t or the beta distribution is behind the feature `quantiles`, which only native code turns on.
#![no_std]

extern crate alloc;

mod anytime;
pub mod compare;
mod decompose;
mod drivers;
mod interval;
mod keywords;
mod measure;
mod metric;
mod moments;
pub mod monitor;
mod multinomial;
pub mod multiplicity;
mod nonresponse;
mod normal;
mod nps;
pub mod operational;
#[cfg(feature = "quantiles")]
mod quantile;
mod ratio;
mod receipt;
mod sample_size;
mod scale;
mod score;
mod share;
mod tally;
mod weighting;
mod wide;

pub use anytime::{anytime, anytime_half_width, anytime_rho};
pub use decompose::{Decomposition, Effect, TagImpact, decompose, tag_impact};
pub use drivers::{BadCorrelations, Drivers, MAX_DRIVERS, drivers};
pub use interval::{Interval, Level, Method};
pub use keywords::{Keyword, keyword};
pub use measure::{BadMeasure, Measure};
pub use metric::{BadTopBox, Band, Metric, TopBox};
pub use moments::Moments;
pub use multinomial::goodman;
pub use nonresponse::{Nonresponse, nonresponse_bounds};
pub use normal::{normal_quantile, normal_upper, two_sided_p};
pub use nps::Nps;
#[cfg(feature = "quantiles")]
pub use quantile::{beta_lower, beta_upper, t_two_sided_p, t_upper};
pub use ratio::{NotARatio, Ratio};
pub use receipt::{Exclusions, Formula, Receipt};
pub use sample_size::{sample_size_for_difference, sample_size_for_margin};
pub use scale::{BadScale, Direction, Look, OffScale, Rating, Scale};
pub use score::Score;
pub use share::{MoreThanAll, Share};
pub use tally::{AddError, CombineError, OtherScale, Overflow, Tally};
pub use weighting::{Stratum, Weighted, post_stratify};
