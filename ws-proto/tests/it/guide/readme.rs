use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use ws_proto::{Connection, Event};

fn echo(mut stream: TcpStream, mut connection: Connection) -> std::io::Result<()> {
    let (mut buffer, mut output) = ([0; 16 * 1024], Vec::new());
    while !connection.wants_close() {
        let len = stream.read(&mut buffer)?;
        if len == 0 {
            let _ = connection.receive_eof();
        }
        let mut input = &mut buffer[..len];
        while let Ok(Some(event)) = connection.receive(&mut input) {
            if let Event::Text(text) = event {
                let _ = connection.send(text, &mut output);
            }
            connection.poll_transmit(&mut output); // the pong of a ping
        }
        connection.poll_transmit(&mut output); // the Close frame that ends the connection
        stream.write_all(&output)?;
        output.clear();
        if connection.poll_half_close() {
            let _ = stream.shutdown(Shutdown::Write); // a failure shows when reading
        }
    }
    Ok(())
}
