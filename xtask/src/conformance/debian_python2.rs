use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{command, execute, output};
use crate::failure::{Context as _, Result, bail};
use crate::{packages, stamp, workspace};

/// The last release of Debian that had Python 2.7.
const RELEASE: &str = "bullseye";

const PACKAGES: &[&str] = &[
    "python2.7-minimal",
    "libpython2.7-minimal",
    "libpython2.7-stdlib",
    "libpython2.7-dev",
    "libssl1.1",
    "libffi7",
];

/// Python 2.7 from an older Debian's packages, unpacked under `target/`, and the folder of the
/// shared libraries that it needs.
pub(crate) fn unpacked() -> Result<(PathBuf, OsString)> {
    let folder = workspace::scratch("autobahn")?.join("debian");
    let description = PACKAGES.join(" ");
    if !stamp::is_current(&folder, &description) {
        if packages::find("apt-get").is_none() || packages::find("dpkg-deb").is_none() {
            bail!("the suite needs a Python 2.7: set PYTHON2 to one, or use --docker");
        }
        println!("there is no Python 2.7 here: taking that of Debian {RELEASE}");
        stamp::clear(&folder)?;
        download(&folder.join("apt"))
            .context("the suite needs a Python 2.7 (set PYTHON2 to one, or use --docker)")?;
        for package in fs::read_dir(folder.join("apt/packages"))? {
            execute(command("dpkg-deb").arg("--extract").arg(package?.path()).arg(&folder))?;
        }
        fs::remove_dir_all(folder.join("apt"))?;
        stamp::write(&folder, &description)?;
    }
    let libraries = fs::read_dir(folder.join("usr/lib"))?.flatten().map(|entry| entry.path());
    let mut with_ssl = libraries.filter(|path| path.join("libssl.so.1.1").exists());
    let libraries = with_ssl.next().context("there is no libssl.so.1.1 among the packages")?;
    Ok((folder.join("usr/bin/python2.7"), libraries.into()))
}

/// Downloads with lists and caches of our own, so that the system's apt knows nothing of it.
fn download(state: &Path) -> Result {
    for folder in ["sources", "state/lists/partial", "cache/archives/partial", "packages"] {
        fs::create_dir_all(state.join(folder))?;
    }
    fs::write(state.join("sources/older.list"), sources()?)?;
    // The lists of some mirror may be gone; what counts is that the packages can be had.
    let _ = execute(apt_get(state).arg("update"));
    let mut download = apt_get(state);
    execute(download.arg("download").args(PACKAGES).current_dir(state.join("packages")))
}

fn apt_get(state: &Path) -> Command {
    let mut apt_get = command("apt-get");
    apt_get.arg("-qq");
    let folder = |name: &str, path: &str| format!("{name}={}", state.join(path).display());
    for option in [
        "Dir::Etc::SourceList=/dev/null".to_owned(),
        folder("Dir::Etc::SourceParts", "sources"),
        folder("Dir::State", "state"),
        "Dir::State::Status=/dev/null".to_owned(),
        folder("Dir::Cache", "cache"),
        // The unprivileged user that apt would download as may not write here.
        "APT::Sandbox::User=".to_owned(),
    ] {
        apt_get.args(["-o", &option]);
    }
    apt_get
}

/// The mirrors that this machine uses for its own release, with the older one's name.
fn sources() -> Result<String> {
    let system = fs::read_to_string("/etc/os-release").context("/etc/os-release")?;
    let field = |name: &str| {
        let value = system.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_default().trim_matches('"')
    };
    if field("ID") != "debian" {
        bail!("packages of Debian {RELEASE} can be had on Debian only");
    }
    let format = "$(REPO_URI) $(RELEASE) $(COMPONENT)";
    let mut targets = command("apt-get");
    targets.args(["indextargets", "--no-release-info", "--format", format, "Created-By: Packages"]);
    let sources = older_sources(&output(&mut targets)?, field("VERSION_CODENAME"));
    if sources.is_empty() {
        bail!("apt has no sources for Debian {}", field("VERSION_CODENAME"));
    }
    Ok(sources.into_iter().collect())
}

fn older_sources(targets: &str, codename: &str) -> BTreeSet<String> {
    let keys = "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg";
    let older = |line: &str| {
        let mut fields = line.split(' ');
        let (mirror, release) = (fields.next()?, fields.next()?);
        let suite @ ("" | "-security") = release.strip_prefix(codename)? else {
            return None;
        };
        (fields.next() == Some("main"))
            .then(|| format!("deb [{keys}] {mirror} {RELEASE}{suite} main\n"))
    };
    targets.lines().filter_map(older).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_release_comes_from_the_same_mirrors() {
        let targets = "http://mirror.test/debian/ bookworm main\n\
                       http://mirror.test/debian/ bookworm contrib\n\
                       http://mirror.test/debian/ bookworm-updates main\n\
                       http://mirror.test/security/ bookworm-security main\n\
                       http://other.test/ nodistro main\n";
        let sources: Vec<_> = older_sources(targets, "bookworm").into_iter().collect();
        assert_eq!(sources.len(), 2);
        assert!(sources[0].ends_with("] http://mirror.test/debian/ bullseye main\n"));
        assert!(sources[1].ends_with("] http://mirror.test/security/ bullseye-security main\n"));
    }
}
