//! Parts of the command lines of `ws-demo` and `ws-bench`: the options of a client, values of options,
//! the signals that end a program, and texts for users. No part of a release.

mod close_code;
mod connect_error;
mod limit;
mod printable;
mod stop;
mod target;
mod time;
mod trust;

pub use close_code::describe_close_code;
pub use connect_error::describe_connect_error;
pub use limit::{count_limit, size, size_limit};
pub use printable::Printable;
pub use stop::stop_signal;
pub use target::{Target, TargetError};
pub use time::{duration, positive};
pub use trust::{Trust, TrustError};
