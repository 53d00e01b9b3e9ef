//! An echo server on io_uring through compio, one thread for all connections:
//! `uring_echo ADDRESS [--max-message BYTES]`. Linux on 64 bits only.
//!
//! The kernel receives a buffer, works on it, and returns it. The future of a read or write is
//! therefore polled again after a deadline, never dropped and repeated: its result would be lost.

use std::error::Error;

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod echo;

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn main() -> Result<(), Box<dyn Error>> {
    server::run()
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
fn main() -> Result<(), Box<dyn Error>> {
    Err("io_uring is an interface of Linux, here of its 64-bit kinds; mio_echo runs everywhere"
        .into())
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod server {
    use std::error::Error;
    use std::future::pending;
    use std::io;
    use std::mem;
    use std::pin::pin;
    use std::sync::Arc;
    use std::time::Duration;

    use compio::BufResult;
    use compio::buf::{IntoInner as _, IoBuf as _};
    use compio::io::{AsyncRead as _, AsyncWrite as _};
    use compio::net::{TcpListener, TcpStream};
    use compio::runtime::Runtime;
    use compio::time::sleep;
    use futures_util::future::{Fuse, FusedFuture as _, FutureExt as _};
    use futures_util::select_biased;
    use ws_proto::Config;

    use super::echo::{Clock, HIGH_WATER, Options, Session};

    pub(super) fn run() -> Result<(), Box<dyn Error>> {
        let options = Options::parse("uring_echo")?;
        let runtime = Runtime::new()?;
        let driver = runtime.driver_type();
        runtime.block_on(async {
            let listener = TcpListener::bind(&options.address).await?;
            println!("listening on ws://{}", listener.local_addr()?);
            match driver.is_iouring() {
                true => println!("on io_uring"),
                false => println!("on {driver:?}: the kernel permits no io_uring"),
            }
            let config = Arc::new(options.config);
            let mut reported = false;
            loop {
                match listener.accept().await {
                    // Errors of one peer affect only its own connection.
                    Ok((stream, _address)) => {
                        compio::runtime::spawn(serve(stream, Arc::clone(&config))).detach();
                    }
                    Err(error) => {
                        // Usually out of file descriptors: connections must end first.
                        if !mem::replace(&mut reported, true) {
                            eprintln!("accept: {error}; reported once");
                        }
                        sleep(Duration::from_millis(100)).await;
                    }
                }
            }
        })
    }

    async fn serve(stream: TcpStream, config: Arc<Config>) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let clock = Clock::start();
        let mut session = Session::new(&config);
        // What is not lent to the kernel is here.
        let mut input = Some(Vec::with_capacity(16 * 1024));
        let mut reading = pin!(Fuse::terminated());
        let mut writing = pin!(Fuse::terminated());
        loop {
            let deadline = session.handle_time(clock.now());
            if session.gave_up() {
                return Ok(());
            }
            if writing.is_terminated() {
                if !session.output.is_empty() {
                    writing.set(write(&stream, mem::take(&mut session.output), 0).fuse());
                } else if session.wants_close() {
                    return Ok(());
                } else if session.poll_half_close() {
                    // If that fails, reading finds out why.
                    let _ = (&stream).shutdown().await;
                }
            }
            if session.output.len() < HIGH_WATER && !session.wants_close() {
                if let Some(buffer) = input.take() {
                    reading.set(read(&stream, buffer).fuse());
                }
            }
            let timer = async {
                match deadline {
                    Some(deadline) => sleep(deadline - clock.now()).await,
                    None => pending().await,
                }
            };
            let mut timer = pin!(timer.fuse());
            select_biased! {
                BufResult(len, mut buffer) = reading => {
                    session.receive(&mut buffer[..len?]);
                    input = Some(buffer);
                }
                (len, output, before) = writing => {
                    let taken = len?;
                    let written = before + taken;
                    session.wrote(taken, output.len() - written);
                    if written < output.len() {
                        writing.set(write(&stream, output, written).fuse());
                    }
                }
                // A write that is not done when a deadline passes means that the stream is full.
                () = timer => if !writing.is_terminated() {
                    session.wrote(0, 1);
                }
            }
        }
    }

    async fn read(mut stream: &TcpStream, buffer: Vec<u8>) -> BufResult<usize, Vec<u8>> {
        stream.read(buffer).await
    }

    async fn write(
        mut stream: &TcpStream,
        output: Vec<u8>,
        from: usize,
    ) -> (io::Result<usize>, Vec<u8>, usize) {
        let BufResult(written, rest) = stream.write(output.slice(from..)).await;
        (written, rest.into_inner(), from)
    }
}
