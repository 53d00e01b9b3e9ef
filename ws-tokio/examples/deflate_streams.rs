//! Prints the output of compressed connections, one per line, for another inflater to check:
//! `deflate_streams`.
//!
//! Each line is a JSON object: `name`; `role` of the sender; `extensions`, the field of the response
//! with the negotiated parameters; `messages`, the payloads, and `wire`, the frames, in hexadecimal.
//! The messages repeat data as far back as the window allows.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;

use ws_tokio::proto::{Connection, Instant, Payload, Role, client, server};
use ws_tokio::{Config, Deflate, EnginePool, Offers};

const SEED: [u8; 32] = [7; 32];
/// With context takeover; without it only a message larger than the window can refer that far back.
const MESSAGE: usize = 1500;

/// How engines are assigned between two messages.
#[derive(Clone, Copy, Debug)]
enum Engines {
    /// They stay with the connection.
    Kept,
    /// They are released when the connection is idle, and replaced by others.
    Released,
    /// More connections are busy than there are engines.
    Exhausted,
    /// Each message has a new one.
    New,
}

fn main() -> io::Result<()> {
    let mut output = io::stdout().lock();
    for engines in [Engines::Kept, Engines::Released, Engines::Exhausted, Engines::New] {
        // Windows of every size share one pool.
        let pool = EnginePool::new(match engines {
            Engines::Kept | Engines::Released => 64,
            Engines::Exhausted => 4,
            Engines::New => 0,
        });
        let mut streams: Vec<Stream> = (9..=15)
            .flat_map(|bits| [(bits, true), (bits, false)])
            .flat_map(|(bits, takeover)| {
                [Role::Client, Role::Server].map(|role| Stream::open(role, bits, takeover, &pool))
            })
            .collect();
        while streams.iter_mut().map(|stream| stream.advance(engines)).filter(|sent| *sent).count()
            > 0
        {}
        for stream in streams {
            stream.write(engines, &mut output)?;
        }
    }
    output.flush()
}

/// The sending endpoint.
struct Stream {
    role: Role,
    bits: u8,
    takeover: bool,
    extensions: String,
    connection: Connection,
    content: Content,
    messages: Vec<Vec<u8>>,
    wire: Vec<u8>,
    now: Instant,
}

impl Stream {
    fn open(role: Role, bits: u8, takeover: bool, pool: &EnginePool) -> Self {
        let deflate = Deflate {
            window_bits: bits,
            peer_window_bits: bits,
            offers: Offers::PeerWindow,
            context_takeover: takeover,
            peer_context_takeover: takeover,
            engines: pool.clone(),
            ..Deflate::default()
        };
        let config =
            Arc::new(Config { ping_interval: None, deflate: Some(deflate), ..Config::default() });
        let (client, server, extensions) = handshake(&config);
        let connection = match role {
            Role::Client => client,
            Role::Server => server,
        };
        Self {
            role,
            bits,
            takeover,
            extensions,
            connection,
            content: Content::new(bits),
            messages: Vec::new(),
            wire: Vec::new(),
            now: Instant::EPOCH,
        }
    }

    /// Sends one more message, up to the number of messages.
    fn advance(&mut self, engines: Engines) -> bool {
        let len = if self.takeover { MESSAGE } else { MESSAGE + (2 << self.bits) };
        if self.content.past.len() > (3 << self.bits) + 4 * len {
            return false;
        }
        if !self.takeover {
            self.content.forget();
        }
        let message = self.content.next(len);
        let (first, second) = message.split_at(message.len() / 2);
        match self.messages.len() % 4 {
            3 => {
                for (part, fin) in [(first, false), (second, true)] {
                    self.connection.send_fragment(part, fin, &mut self.wire).expect("open");
                }
            }
            _ => self
                .connection
                .send(Payload::from(message.as_slice()), &mut self.wire)
                .expect("open"),
        }
        self.messages.push(message);
        if matches!(engines, Engines::Released) {
            while let Some(due) = self.connection.poll_timeout(self.now) {
                self.now = due;
                self.connection.handle_timeout(due).expect("open");
            }
        }
        true
    }

    fn write(&self, engines: Engines, output: &mut impl Write) -> io::Result<()> {
        let Self { role, bits, takeover, extensions, .. } = self;
        let takeover = if *takeover { "takeover" } else { "no takeover" };
        let messages: Vec<String> =
            self.messages.iter().map(|message| format!("\"{}\"", hex(message))).collect();
        writeln!(
            output,
            r#"{{"name":"{role:?}, {bits} bits, {takeover}, engines {engines:?}","role":"{role:?}","extensions":"{extensions}","messages":[{}],"wire":"{}"}}"#,
            messages.join(","),
            hex(&self.wire),
        )
    }
}

/// A client and a server, and the negotiated extensions.
fn handshake(config: &Arc<Config>) -> (Connection, Connection, String) {
    let mut request = Vec::new();
    let handshake = client::ClientRequest::new("localhost", "/")
        .send(Arc::clone(config), SEED, &mut request)
        .expect("a valid request");
    let Ok(server::ServerProgress::Request(request)) =
        server::ServerHandshake::new(Arc::clone(config)).receive(&mut request.as_mut_slice())
    else {
        panic!("the request was refused");
    };
    let mut response = Vec::new();
    let server = request.accept().respond(&mut response);
    let Ok(client::ClientProgress::Open(client, response)) =
        handshake.receive(&mut response.as_mut_slice())
    else {
        panic!("the response was refused");
    };
    let extensions = response.header("sec-websocket-extensions").expect("compression");
    (client, server, extensions.to_owned())
}

/// Random data with copies of earlier data.
struct Content {
    window: usize,
    past: Vec<u8>,
    /// The start of the data that the current message may refer to.
    begin: usize,
    random: u64,
}

impl Content {
    fn new(bits: u8) -> Self {
        Self { window: 1 << bits, past: Vec::new(), begin: 0, random: u64::from(bits) }
    }

    fn forget(&mut self) {
        self.begin = self.past.len();
    }

    fn next(&mut self, len: usize) -> Vec<u8> {
        let begin = self.past.len();
        while self.past.len() < begin + len {
            let size = 20 + self.below(60);
            let distance = self.window * 3 / 4 + self.below(self.window / 2);
            match self.past.len().checked_sub(distance) {
                Some(at) if at >= self.begin => self.past.extend_from_within(at..at + size),
                _ => self.noise(size),
            }
            self.noise(4);
        }
        self.past[begin..].to_vec()
    }

    fn noise(&mut self, len: usize) {
        for _ in 0..len {
            let byte = self.below(256) as u8;
            self.past.push(byte);
        }
    }

    fn below(&mut self, limit: usize) -> usize {
        // splitmix64
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.random ^ (self.random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a string takes all");
    }
    text
}
