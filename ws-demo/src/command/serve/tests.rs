use clap::Parser;

use super::*;

#[derive(Parser)]
struct Wrapper {
    #[command(flatten)]
    serve: Serve,
}

fn parse(arguments: &[&str]) -> Serve {
    let arguments = [&["serve"], arguments].concat();
    Wrapper::try_parse_from(arguments).map(|wrapper| wrapper.serve).expect("good arguments")
}

#[test]
fn the_defaults_are_the_same_everywhere() {
    assert_eq!(parse(&[]).settings(), Settings::default());
    assert_eq!(parse(&[]).listen, [Listen::Tcp("127.0.0.1:9001".to_owned())]);
}

#[test]
fn a_queue_holds_several_of_the_largest_messages() {
    for size in ["1", "100k", "1MiB", "64MiB"] {
        let serve = parse(&["--max-message", size]);
        assert_eq!(serve.check(), Ok(()));
        let Settings { config, hub, .. } = serve.settings();
        let broadcast = config.incoming.max_message_size + 1024;
        assert!(hub.bounds.capacity >= 4 * broadcast, "{size}: {:?}", hub.bounds);
        assert!(hub.bounds.capacity >= 1024 * 1024);
    }
    for (max, queue, good) in [
        ("1000", "4000", true),
        ("1000", "3999", false),
        ("1MiB", "4MiB", true),
        ("1MiB", "4MB", false),
        ("0", "1GiB", false),
        ("0", "0", true),
        ("1MiB", "0", true),
    ] {
        let serve = parse(&["--max-message", max, "--queue-bytes", queue]);
        assert_eq!(serve.check().is_ok(), good, "{max} {queue}: {:?}", serve.check());
    }
    let error = parse(&["--queue-bytes", "1MiB"]).check().expect_err("too few");
    assert!(error.starts_with("--queue-bytes 1048576: must be at least 4194304"), "{error}");
}

/// Times are no limits of this kind: one of zero is no time.
#[test]
fn zero_is_no_limit() {
    let settings = parse(&[
        "--max-message=0",
        "--max-head=0",
        "--max-connections=0",
        "--max-per-ip=0",
        "--connect-rate=0",
        "--max-handshakes=0",
        "--msg-rate=0",
        "--max-rooms=0",
        "--queue-bytes=0",
    ])
    .settings();
    let Settings { config, hub, allowed, max_handshakes, message_rate, .. } = settings;
    let limits = [
        config.incoming.max_message_size,
        config.incoming.max_frame_size,
        config.max_head_size,
        allowed.connections,
        max_handshakes,
        hub.max_rooms,
        hub.bounds.capacity,
    ];
    assert_eq!(limits, [usize::MAX; 7]);
    assert_eq!((allowed.per_address, allowed.rate, message_rate), (None, None, None));
}

#[test]
fn no_interval_is_no_pings() {
    assert_eq!(parse(&["--ping-interval", "0s"]).settings().config.ping_interval, None);
}

#[test]
fn what_repeats() {
    let serve = parse(&["--listen", "[::]:0", "--listen", "localhost:1,unix:/run/x"]);
    assert_eq!(serve.listen.len(), 3);
    assert_eq!(serve.listen[2], Listen::Unix("/run/x".into()));
    let serve = parse(&["--origin", "https://a.example,http://b.example:8080"]);
    assert!(matches!(serve.settings().origins, Origins::Listed(sites) if sites.len() == 2));
    let serve = parse(&["--origin", "https://a.example", "--origin", "*"]);
    assert_eq!(serve.settings().origins, Origins::Any);
    let serve = parse(&["--trusted-proxy", "10.0.0.0/8,127.0.0.1", "--trusted-proxy", "::1"]);
    assert_eq!(serve.settings().trusted_proxies.len(), 3);
}

#[test]
fn compressed_broadcasts_serve_all() {
    let settings = parse(&["--compress"]).settings();
    let deflate = settings.config.deflate.expect("compression");
    assert_eq!((deflate.window_bits, deflate.context_takeover), (12, false));
}
