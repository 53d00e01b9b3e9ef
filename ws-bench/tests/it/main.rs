//! The program, against servers in this process.

mod faults;
mod options;
mod run;
