//! What Prometheus thinks of the metrics.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::process::{Command, Stdio};

use super::{Kind, probe_one};
use crate::http;

#[test]
fn promtool_accepts_the_metrics() {
    probe_one(Kind::Demo, &[], |kind, server| {
        // Some events.
        drop(kind.echo(server, "hello"));
        let (status, metrics) = http::get(server.address, "/metrics");
        assert_eq!(status, 200);
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(metrics.as_bytes()).expect("a file");
        file.seek(SeekFrom::Start(0)).expect("a file");
        let mut promtool = Command::new("promtool");
        let output = promtool.args(["check", "metrics"]).stdin(Stdio::from(file)).output();
        let output = output.expect("promtool runs");
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && complaints.is_empty(), "{complaints}\n{metrics}");
    });
}
