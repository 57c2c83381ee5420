//! Keeping and counting responses.
