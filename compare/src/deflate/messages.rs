//! The messages that are sent.

use bytes::Bytes;

/// Returns messages of about 2 KiB such as an application sends: similar, but all different.
pub(crate) fn json(count: usize) -> Vec<Bytes> {
    let mut seed = 7_u64;
    let mut random = move |limit: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % limit
    };
    let message = |_| {
        let mut text = String::from(r#"{"type":"quotes","items":["#);
        while text.len() < 2000 {
            text += &format!(
                r#"{{"symbol":"{:04X}","bid":{}.{:02},"ask":{}.{:02},"time":"2026-11-{:02}T{:02}:{:02}:{:02}Z"}},"#,
                random(500),
                random(300),
                random(100),
                random(300),
                random(100),
                random(28) + 1,
                random(24),
                random(60),
                random(60),
            );
        }
        (text + "{}]}").into()
    };
    (0..count).map(message).collect()
}
