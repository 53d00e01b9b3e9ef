use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{command, execute, output};
use crate::failure::{Context as _, Result, bail};
use crate::{packages, stamp};

/// Packages of a Debian release, which may differ from the one that runs here.
pub(crate) struct Packages {
    pub(crate) release: &'static str,
    pub(crate) names: &'static [&'static str],
}

impl Packages {
    /// Unpacks them under `folder`, unless they are there already.
    pub(crate) fn unpack(&self, folder: &Path) -> Result {
        let description = format!("{} {}", self.release, self.names.join(" "));
        if stamp::is_current(folder, &description) {
            return Ok(());
        }
        if packages::find("apt-get").is_none() || packages::find("dpkg-deb").is_none() {
            bail!("packages of Debian {} are available on Debian only", self.release);
        }
        stamp::clear(folder)?;
        self.download(&folder.join("apt"))?;
        for package in fs::read_dir(folder.join("apt/packages"))? {
            execute(command("dpkg-deb").arg("--extract").arg(package?.path()).arg(folder))?;
        }
        fs::remove_dir_all(folder.join("apt"))?;
        stamp::write(folder, &description)
    }

    /// Returns the folder, among the unpacked libraries, that has this library.
    pub(crate) fn folder_of(&self, folder: &Path, library: &str) -> Result<PathBuf> {
        let mut folders = fs::read_dir(folder.join("usr/lib"))?.flatten().map(|entry| entry.path());
        let found = folders.find(|path| path.join(library).exists());
        found.context(format_args!("there is no {library} among {}", self.names.join(", ")))
    }

    /// Downloads with lists and caches in the folder, so that the system's apt is not affected.
    fn download(&self, state: &Path) -> Result {
        for folder in ["sources", "state/lists/partial", "cache/archives/partial", "packages"] {
            fs::create_dir_all(state.join(folder))?;
        }
        fs::write(state.join("sources/release.list"), sources(self.release)?)?;
        // The lists of a mirror may be missing; what counts is whether the packages can be
        // downloaded.
        let _ = execute(apt_get(state).arg("update"));
        let mut download = apt_get(state);
        execute(download.arg("download").args(self.names).current_dir(state.join("packages")))
    }
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
        // The unprivileged user for apt's downloads may not write here.
        "APT::Sandbox::User=".to_owned(),
    ] {
        apt_get.args(["-o", &option]);
    }
    apt_get
}

/// The mirrors that this machine uses for its own release, with the name of the other release.
fn sources(release: &str) -> Result<String> {
    let system = fs::read_to_string("/etc/os-release").context("/etc/os-release")?;
    let field = |name: &str| {
        let value = system.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_default().trim_matches('"')
    };
    if field("ID") != "debian" {
        bail!("packages of Debian {release} are available on Debian only");
    }
    let format = "$(REPO_URI) $(RELEASE) $(COMPONENT)";
    let mut targets = command("apt-get");
    targets.args(["indextargets", "--no-release-info", "--format", format, "Created-By: Packages"]);
    let sources = sources_of(release, &output(&mut targets)?, field("VERSION_CODENAME"));
    if sources.is_empty() {
        bail!("apt has no sources for Debian {}", field("VERSION_CODENAME"));
    }
    Ok(sources.into_iter().collect())
}

fn sources_of(release: &str, targets: &str, codename: &str) -> BTreeSet<String> {
    let keys = "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg";
    let source = |line: &str| {
        let mut fields = line.split(' ');
        let (mirror, known) = (fields.next()?, fields.next()?);
        let suite @ ("" | "-security") = known.strip_prefix(codename)? else {
            return None;
        };
        (fields.next() == Some("main"))
            .then(|| format!("deb [{keys}] {mirror} {release}{suite} main\n"))
    };
    targets.lines().filter_map(source).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_release_comes_from_the_same_mirrors() {
        let targets = "http://mirror.test/debian/ bookworm main\n\
                       http://mirror.test/debian/ bookworm contrib\n\
                       http://mirror.test/debian/ bookworm-updates main\n\
                       http://mirror.test/security/ bookworm-security main\n\
                       http://other.test/ nodistro main\n";
        let sources: Vec<_> = sources_of("bullseye", targets, "bookworm").into_iter().collect();
        assert_eq!(sources.len(), 2);
        assert!(sources[0].ends_with("] http://mirror.test/debian/ bullseye main\n"));
        assert!(sources[1].ends_with("] http://mirror.test/security/ bullseye-security main\n"));
    }
}
