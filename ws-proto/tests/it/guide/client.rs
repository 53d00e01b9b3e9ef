use std::io::{Error, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use ws_proto::client::{ClientProgress, ClientRequest};
use ws_proto::{CloseCode, Config, Event};

/// Sends a text and returns the first one that comes back, `None` if the server closes instead.
fn ask(server: SocketAddr, seed: [u8; 32], question: &str) -> Result<Option<String>> {
    let mut stream = TcpStream::connect(server)?;
    let mut buffer = vec![0; 16 * 1024];
    let mut output = Vec::new();

    let mut handshake = ClientRequest::new(server.to_string(), "/")
        .send(Config::default(), seed, &mut output)
        .map_err(Error::other)?;
    stream.write_all(&output)?;
    output.clear();
    let (mut connection, mut unread) = loop {
        // The part of a refusal that has arrived is returned, however the stream ends.
        let len = stream.read(&mut buffer).unwrap_or(0);
        let mut input = &mut buffer[..len];
        let progress = match len {
            0 => handshake.receive_eof().map(ClientProgress::Refused),
            _ => handshake.receive(&mut input),
        };
        match progress.map_err(Error::other)? {
            ClientProgress::NeedsInput(unfinished) => handshake = unfinished,
            // Frames may have arrived with the response: they are the rest of the input.
            ClientProgress::Open(connection, _response) => break (connection, len - input.len()..len),
            ClientProgress::Refused(response) => {
                return Err(Error::other(format!("refused: {}", response.status())));
            }
        }
    };

    connection.send(question, &mut output).map_err(Error::other)?;
    let mut answer = None;
    loop {
        let mut input = &mut buffer[unread];
        // An error does not end the loop: a Close frame is to be written.
        while let Ok(Some(event)) = connection.receive(&mut input) {
            if let (Event::Text(text), None) = (event, &answer) {
                answer = Some(text.into_owned());
                let _ = connection.close(CloseCode::NORMAL, &mut output);
            }
            connection.poll_transmit(&mut output);
        }
        connection.poll_transmit(&mut output);
        stream.write_all(&output)?;
        output.clear();
        // A client waits for the server to end the stream.
        if connection.wants_close() {
            return connection.error().map_or(Ok(answer), |error| Err(Error::other(error)));
        }
        let len = stream.read(&mut buffer)?;
        if len == 0 {
            let _ = connection.receive_eof();
        }
        unread = 0..len;
    }
}
