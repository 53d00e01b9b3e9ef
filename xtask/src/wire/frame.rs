pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xA;

/// RSV1, to be added to the opcode (RFC 7692 §6).
pub(crate) const COMPRESSED: u8 = 0x40;

const FIN: u8 = 0x80;
const MASK: u8 = 0x80;
const MASK_KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// A frame from a server (RFC 6455 §5.2).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) opcode: u8,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    /// Takes a frame off the front of what was received, once it is there.
    pub(crate) fn take(received: &mut Vec<u8>) -> Option<Self> {
        let header = match received.get(1)? {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        let length = match header {
            2 => usize::from(received[1]),
            _ => received
                .get(2..header)?
                .iter()
                .fold(0, |length, &byte| length << 8 | usize::from(byte)),
        };
        let payload = received.get(header..header.checked_add(length)?)?.to_vec();
        let opcode = received[0] & 0x0F;
        received.drain(..header + length);
        Some(Self { opcode, payload })
    }
}

/// A frame of at most 65,535 bytes, as a client sends it.
pub(crate) fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).expect("a short payload");
    let mut frame = vec![FIN | opcode];
    match u8::try_from(length) {
        Ok(length @ 0..126) => frame.push(MASK | length),
        _ => {
            frame.push(MASK | 126);
            frame.extend(length.to_be_bytes());
        }
    }
    append_masked(&mut frame, payload);
    frame
}

/// A frame that claims `length` bytes, and the first of them.
pub(crate) fn claiming(length: u64, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![FIN | BINARY, MASK | 127];
    frame.extend(length.to_be_bytes());
    append_masked(&mut frame, payload);
    frame
}

fn append_masked(frame: &mut Vec<u8>, payload: &[u8]) {
    frame.extend(MASK_KEY);
    frame.extend(payload.iter().zip(MASK_KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_taken_when_they_are_whole() {
        let mut received = vec![0x81, 2, b'h'];
        assert_eq!(Frame::take(&mut received), None);
        received.extend([b'i', 0x82, 126, 0]);
        assert_eq!(Frame::take(&mut received), Some(Frame { opcode: TEXT, payload: b"hi".into() }));
        assert_eq!(Frame::take(&mut received), None);
        received.push(200);
        received.extend([7; 200]);
        assert_eq!(
            Frame::take(&mut received),
            Some(Frame { opcode: BINARY, payload: vec![7; 200] })
        );
        assert!(received.is_empty());
    }

    #[test]
    fn the_example_of_the_rfc() {
        let hello = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58];
        assert_eq!(masked(TEXT, b"Hello"), hello);
    }
}
