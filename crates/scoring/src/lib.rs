//! The arithmetic of NPS, CSAT and CES, the same in the browser and on the server.
//!
//! | Look for | In |
//! |---|---|
//! | the points that a rating may take | [`Scale`], [`Rating`] |
//! | who is a promoter, satisfied, at ease | [`Metric::band`] |
//! | counts per point | [`Tally`] |
//! | a score with its interval | [`Score`] |
//!
//! There is no I/O, no clock, no randomness and no serde here, and no data is `None`, never 0.
#![no_std]

extern crate alloc;

mod interval;
mod metric;
mod scale;
mod score;
mod tally;

pub use interval::{Interval, Method};
pub use metric::{Band, Metric};
pub use scale::{OffScale, Rating, Scale};
pub use score::Score;
pub use tally::{AddError, Overflow, Tally};
