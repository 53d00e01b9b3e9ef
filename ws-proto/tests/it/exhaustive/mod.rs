//! Small inputs, all of them, judged by a model written from the RFCs (`model/`).
//!
//! What takes seconds in a debug build runs with all other tests; the rest is `#[ignore]`d and run
//! by `cargo xtask exhaustive`, with optimization.

mod close_codes;
mod drive;
mod headers;
mod lengths;
mod model;
mod reads;
mod utf8;
