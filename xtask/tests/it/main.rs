//! What the repository says of itself.

mod requirements;
