//! The handlers, one file for each resource.

pub(crate) mod bursts;
pub(crate) mod demo;
pub(crate) mod health;
pub(crate) mod params;
pub(crate) mod privacy;
pub(crate) mod responses;
pub(crate) mod scores;
pub(crate) mod sites;
pub(crate) mod surveys;
