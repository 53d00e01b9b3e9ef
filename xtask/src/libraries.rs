/// The packages that others depend on, which keep to an old compiler.
pub(crate) const LIBRARIES: &[&str] =
    &["ws-proto", "ws-futures", "ws-tokio", "ws-async-std", "ws-hub"];
