/// The packages that are published for dependents, which support an old compiler.
pub(crate) const LIBRARIES: &[&str] =
    &["ws-proto", "ws-futures", "ws-tokio", "ws-async-std", "ws-hub"];
