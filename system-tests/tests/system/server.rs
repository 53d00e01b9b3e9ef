//! The project's own programs.

use std::env;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use crate::process::{Process, free_address};

/// A server of ours.
pub(crate) struct Server {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
}

/// A program that cargo has built, from the folder that `PROGRAMS` names, or that of this program's profile.
pub(crate) fn program(name: &str) -> Command {
    let folder = env::var_os("PROGRAMS").map(PathBuf::from).unwrap_or_else(|| {
        let own = env::current_exe().expect("a program");
        own.ancestors().nth(2).expect("a folder for each profile").to_owned()
    });
    let paths = [folder.join(name), folder.join("examples").join(name)];
    let path = paths.iter().find(|path| path.is_file());
    Command::new(path.unwrap_or_else(|| panic!("no program {name} in {}", folder.display())))
}

/// The server of `ws-demo`.
pub(crate) fn demo(arguments: &[&str]) -> Server {
    let address = free_address();
    let mut command = program("ws-demo");
    command.args(["serve", "--listen", &address.to_string()]).args(arguments);
    Server { process: Process::listening(&mut command, address), address }
}

/// The echo server of `ws-peers`.
pub(crate) fn echo(arguments: &[&str]) -> Server {
    listen("echo_server", arguments)
}

/// A program that takes the address to listen on as its first argument.
pub(crate) fn listen(name: &str, arguments: &[&str]) -> Server {
    listen_with(name, arguments, &[])
}

/// `listen` with environment variables.
pub(crate) fn listen_with(name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Server {
    let address = free_address();
    let mut command = program(name);
    command.arg(address.to_string()).args(arguments).envs(environment.iter().copied());
    Server { process: Process::listening(&mut command, address), address }
}
