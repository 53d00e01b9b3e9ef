//! An echo server on `std::net`, one thread for each connection:
//! `blocking_echo ADDRESS [--max-message BYTES]`.
//!
//! A read waits no longer than the core's next deadline. A write blocks until the peer reads, and
//! meanwhile nothing is read: no other back-pressure is needed.

use std::error::Error;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ws_proto::Config;

mod echo;
use echo::{Clock, HIGH_WATER, Options, Session};

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse("blocking_echo")?;
    let listener = TcpListener::bind(&options.address)?;
    println!("listening on ws://{}", listener.local_addr()?);
    let config = Arc::new(options.config);
    let mut reported = false;
    for stream in listener.incoming() {
        let config = Arc::clone(&config);
        // Errors of one peer affect only its own connection.
        let served =
            stream.and_then(|stream| thread::Builder::new().spawn(move || serve(stream, &config)));
        if let Err(error) = served {
            // Usually out of file descriptors or threads: connections must end first.
            if !std::mem::replace(&mut reported, true) {
                eprintln!("accept: {error}; reported once");
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
    Ok(())
}

fn serve(mut stream: TcpStream, config: &Arc<Config>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    // A peer that takes no bytes for this time is unresponsive.
    stream.set_write_timeout(Some(config.ping_timeout))?;
    let clock = Clock::start();
    let mut session = Session::new(config);
    let mut buffer = vec![0; 16 * 1024];
    let mut deadline = session.handle_time(clock.now());
    loop {
        let left = deadline.map(|deadline| deadline - clock.now());
        if let Some(len) = read(&mut stream, &mut buffer, left)? {
            session.receive(&mut buffer[..len]);
        }
        deadline = session.handle_time(clock.now());
        if session.gave_up() {
            return Ok(());
        }

        let before = clock.now();
        stream.write_all(&session.output)?;
        let len = session.output.len();
        session.output.clear();
        session.output.shrink_to(HIGH_WATER);
        if clock.now() - before > Duration::from_millis(100) {
            // The socket was full, and then the peer made room.
            session.wrote(0, len);
            session.wrote(0, 0);
        }
        if session.wants_close() {
            return Ok(());
        }
        if session.poll_half_close() {
            // If that fails, reading finds out why.
            let _ = stream.shutdown(Shutdown::Write);
        }
    }
}

/// Reads once; `None` if nothing has arrived within the remaining time.
fn read(
    stream: &mut TcpStream,
    buffer: &mut [u8],
    left: Option<Duration>,
) -> io::Result<Option<usize>> {
    // Even after the deadline, pending input is read first: it shows that the peer is responsive.
    // And a timeout of zero would mean to wait for ever.
    stream.set_read_timeout(left.map(|left| left.max(Duration::from_millis(1))))?;
    match stream.read(buffer) {
        Ok(len) => Ok(Some(len)),
        Err(error) => match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => Ok(None),
            _ => Err(error),
        },
    }
}
