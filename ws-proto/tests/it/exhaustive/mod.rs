//! All small inputs, judged by a model written from the RFCs (`model/`).
//!
//! Tests that take seconds in a debug build run with all other tests; the rest is `#[ignore]`d and
//! run by `cargo xtask exhaustive`, with optimization.

mod close_codes;
mod drive;
mod headers;
mod lengths;
mod model;
mod reads;
mod utf8;
