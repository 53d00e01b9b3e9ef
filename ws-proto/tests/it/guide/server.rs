use std::io::{Read, Result, Write};
use std::net::{Shutdown, TcpStream};
use ws_proto::server::{ServerHandshake, ServerProgress};
use ws_proto::{Config, Connection, Event};

fn serve(mut stream: TcpStream) -> Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    let mut output = Vec::new();

    let mut handshake = ServerHandshake::new(Config::default());
    let (mut connection, mut unread) = loop {
        let len = stream.read(&mut buffer)?;
        if len == 0 {
            return Ok(());
        }
        let mut input = &mut buffer[..len];
        match handshake.receive(&mut input) {
            Ok(ServerProgress::NeedsInput(unfinished)) => handshake = unfinished,
            // Frames may have arrived with the request: they are the rest of the input.
            Ok(ServerProgress::Request(request)) => {
                break (request.accept().respond(&mut output), len - input.len()..len);
            }
            Err(rejection) => {
                rejection.respond(&mut output);
                stream.write_all(&output)?;
                // The answer might be lost if the stream were closed with input unread.
                let _ = stream.shutdown(Shutdown::Write);
                return std::io::copy(&mut stream, &mut std::io::sink()).map(drop);
            }
        }
    };

    loop {
        let mut input = &mut buffer[unread];
        // An error does not end the loop: a Close frame is to be written, and has to arrive.
        while let Ok(Some(event)) = connection.receive(&mut input) {
            echo(event, &mut connection, &mut output);
            connection.poll_transmit(&mut output);
        }
        connection.poll_transmit(&mut output);
        stream.write_all(&output)?;
        output.clear();
        if connection.wants_close() {
            // Dropping the stream closes it.
            return Ok(());
        }
        if connection.poll_half_close() {
            // If that fails, the next read returns the error.
            let _ = stream.shutdown(Shutdown::Write);
        }
        let len = stream.read(&mut buffer)?;
        if len == 0 {
            let _ = connection.receive_eof();
        }
        unread = 0..len;
    }
}

/// Sending fails only after a Close frame, when the client expects no reply.
fn echo(event: Event<'_>, connection: &mut Connection, output: &mut Vec<u8>) {
    let _ = match event {
        Event::Text(text) => connection.send(text, output),
        Event::Binary(data) => connection.send(data, output),
        _ => Ok(()),
    };
}
