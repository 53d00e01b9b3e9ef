use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock};

/// Reads the process groups that are started and ended; when its input ends, because this
/// program has ended for any reason, it kills the remaining groups.
const SCRIPT: &str = r#"
groups=" "
while read -r event group; do
    case $event in
        started) groups="$groups$group " ;;
        ended) groups="${groups%% $group *} ${groups#* $group }" ;;
    esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
"#;

static GUARDIAN: OnceLock<Mutex<Option<ChildStdin>>> = OnceLock::new();

pub(crate) fn started(group: u32) {
    tell("started", group);
}

pub(crate) fn ended(group: u32) {
    tell("ended", group);
}

fn tell(event: &str, group: u32) {
    let guardian = GUARDIAN.get_or_init(|| Mutex::new(start()));
    if let Some(input) = guardian.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).as_mut() {
        // Without a guardian the checks still run; children remain only if xtask is killed.
        let _ = writeln!(input, "{event} {group}");
    }
}

fn start() -> Option<ChildStdin> {
    let mut guardian = Command::new("sh")
        .args(["-c", SCRIPT])
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    guardian.stdin.take()
}
