//! Every command of this repository.

fn main() {}
