//! The rules of RFC 6455 and RFC 7692 for a stream of bytes, written from their text and not from
//! the library: slow and literal. It parses the whole stream for every question, and derives the
//! earliest byte that shows a violation from the rules for whole headers: a prefix is refused when
//! every way to complete it is forbidden.

mod close;
mod header;
mod inflate;
pub(crate) mod text;

use ws_proto::{ErrorKind, Event, Limits, Role};

pub(crate) use close::{code_of, is_allowed};

/// The end that reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'l> {
    pub(crate) role: Role,
    /// Whether permessage-deflate was negotiated.
    pub(crate) compression: bool,
    pub(crate) limits: &'l Limits,
    /// Whether it has sent its Close frame before it reads.
    pub(crate) close_sent: bool,
}

/// The result of reading a stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    pub(crate) events: Vec<Event<'static>>,
    /// The frames that answer them, opcode and payload. The Close frame that reports a violation is
    /// not among them.
    pub(crate) replies: Vec<(u8, Vec<u8>)>,
    pub(crate) violation: Option<Violation>,
}

#[derive(Clone, Debug)]
pub(crate) struct Violation {
    /// The index of the earliest byte that shows it.
    pub(crate) at: usize,
    /// The rules that are broken: if there are several, the RFC does not define which one is
    /// reported.
    pub(crate) kinds: Vec<ErrorKind>,
}

/// An incomplete message.
struct Message {
    text: bool,
    compressed: bool,
    /// As on the wire, unmasked.
    payload: Vec<u8>,
    fragments: u32,
}

impl Reading {
    /// Whether further bytes change nothing (RFC 6455 §5.5.1 and §7.1.7).
    pub(crate) fn has_ended(&self) -> bool {
        self.violation.is_some() || matches!(self.events.last(), Some(Event::Close(_)))
    }
}

impl Reader<'_> {
    pub(crate) fn read(&self, stream: &[u8]) -> Reading {
        let mut reading = Reading::default();
        let mut message = None;
        let mut at = 0;
        loop {
            let header = match self.header(&stream[at..], message.as_ref()) {
                Ok(Some(header)) => header,
                Ok(None) => return reading,
                Err((index, kinds)) => {
                    reading.violation = Some(Violation { at: at + index, kinds });
                    return reading;
                }
            };
            let Some(key) = header.key(&stream[at..]) else { return reading };
            at += header.len();
            let arrived = usize::try_from(header.payload_len)
                .map_or(stream.len() - at, |len| len.min(stream.len() - at));
            // RFC 6455 §5.3: octet i is masked with octet i modulo 4 of the key.
            let unmasked = |(i, byte): (usize, &u8)| byte ^ key[i % 4];
            let payload: Vec<u8> =
                stream[at..at + arrived].iter().enumerate().map(unmasked).collect();
            let complete = payload.len() as u64 == header.payload_len;
            let end = at + payload.len();

            let fault = match header.opcode {
                0x8 => close::fault(&payload, complete),
                0x9 | 0xA => None,
                _ => {
                    let message = message.get_or_insert_with(|| Message {
                        text: header.opcode == 0x1,
                        compressed: header.rsv1,
                        payload: Vec::new(),
                        fragments: 0,
                    });
                    message.fault(&payload, complete && header.fin)
                }
            };
            if let Some((index, kind)) = fault {
                // If a message ends too early, the last byte of its frame shows it.
                let at = (at + index).min(end - 1);
                reading.violation = Some(Violation { at, kinds: vec![kind] });
                return reading;
            }
            if !complete {
                return reading;
            }
            at = end;
            match header.opcode {
                0x8 => {
                    let close = close::parse(&payload);
                    // RFC 6455 §5.5.1: one Close frame each; the answer usually echoes the code.
                    if !self.close_sent {
                        let code = payload.iter().copied().take(2).collect();
                        reading.replies.push((0x8, code));
                    }
                    reading.events.push(Event::Close(close));
                    return reading;
                }
                0x9 => {
                    // RFC 6455 §5.5.2 and §5.5.1: a pong, unless a Close frame was sent.
                    if !self.close_sent {
                        reading.replies.push((0xA, payload.clone()));
                    }
                    reading.events.push(Event::Ping(payload.into()));
                }
                0xA => reading.events.push(Event::Pong(payload.into())),
                _ => {
                    if let Some(message) = &mut message {
                        message.payload.extend(payload);
                        message.fragments += 1;
                    }
                    if header.fin {
                        reading.events.extend(message.take().map(Message::into_event));
                    }
                }
            }
        }
    }
}

impl Message {
    /// The error that `more` shows, by the index of its byte within `more`; an index after it
    /// stands for what the end of the message shows.
    fn fault(&self, more: &[u8], end: bool) -> Option<(usize, ErrorKind)> {
        let payload = [&*self.payload, more].concat();
        if self.compressed {
            // Judged when it is complete: a corrupt stream may show earlier, which is not modelled.
            let inflated = end.then(|| inflate::message(&payload));
            return inflated?.is_none().then_some((more.len(), ErrorKind::InvalidDeflate));
        }
        if !self.text {
            return None;
        }
        let at = text::fault(&payload, end)?;
        Some((at - self.payload.len(), ErrorKind::InvalidUtf8))
    }

    fn into_event(self) -> Event<'static> {
        let content = match self.compressed {
            true => inflate::message(&self.payload).expect("judged before"),
            false => self.payload,
        };
        match self.text {
            true => Event::Text(String::from_utf8(content).expect("judged before").into()),
            false => Event::Binary(content.into()),
        }
    }
}

/// RFC 6455 §7.4.1: the code that reports a violation.
pub(crate) fn reporting_code(kind: ErrorKind) -> u16 {
    match kind {
        ErrorKind::InvalidUtf8 | ErrorKind::InvalidDeflate => 1007,
        ErrorKind::TooManyFragments | ErrorKind::TooManyStreams => 1008,
        ErrorKind::FrameTooBig | ErrorKind::MessageTooBig => 1009,
        _ => 1002,
    }
}
