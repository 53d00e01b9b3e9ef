//! Options that are rejected before a run.

use crate::run::program;

#[test]
fn mistakes_are_explained() {
    for (arguments, explanation) in [
        (&["--mode", "flood"][..], "possible values: echo, broadcast, rooms, idle, churn"),
        (&["--clients", "0"], "0 is not in 1..=1000000"),
        (&["--rate", "fast"], "expected a number"),
        (&["--rate", "0"], "0.001 to 10000000"),
        (&["--size", "10"], "--size 10: must be at least 34"),
        (&["--mode", "rooms", "--size", "50"], "--size 50: must be at least"),
        (&["--mode", "rooms", "--clients", "10", "--rooms", "10"], "too few for a receiver"),
        (
            &["--mode", "broadcast", "--clients", "2", "--senders", "3"],
            "--senders: 3 in all, but there are 2 clients",
        ),
        (&["--mode", "broadcast", "--binary"], "--binary needs --mode echo"),
        (&["--mode", "idle", "--rate", "5"], "the mode idle sends nothing"),
        (&["--rate", "5", "--depth", "2"], "--depth needs --mode echo without --rate"),
        (&["--rooms", "3"], "--rooms needs --mode rooms"),
        (&["--senders", "3"], "--senders needs --mode broadcast or rooms"),
        (&["--source", "localhost"], "an address or a network"),
        (&["--duration", "0s"], "more than zero"),
        (&["--fail-p99", "5"], "time unit needed"),
    ] {
        let mut command = program();
        command.args(["ws://127.0.0.1:1/"]).args(arguments);
        let output = command.output().expect("it runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains(explanation), "{arguments:?}: {stderr}");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_report_that_cannot_be_written_prevents_the_run() {
    let mut command = program();
    command.args(["ws://127.0.0.1:1/", "--json", "/no/such/directory/report"]);
    let output = command.output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("/no/such/directory/report: "), "{stderr}");
}
