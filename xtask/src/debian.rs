use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use xshell::{Shell, cmd};

use crate::stamp;

/// Packages of a Debian release, which may differ from the one that runs here.
pub(crate) struct Packages {
    pub(crate) release: &'static str,
    pub(crate) names: &'static [&'static str],
}

impl Packages {
    /// Unpacks them under `folder`, unless they are there already.
    pub(crate) fn unpack(&self, sh: &Shell, folder: &Path) -> Result<()> {
        let description = format!("{} {}", self.release, self.names.join(" "));
        stamp::fill(
            sh,
            folder,
            &description,
            || true,
            || {
                let state = &folder.join("apt");
                self.download(sh, state)?;
                for package in sh.read_dir(state.join("packages"))? {
                    cmd!(sh, "dpkg-deb --extract {package} {folder}").run()?;
                }
                Ok(sh.remove_path(state)?)
            },
        )
    }

    /// Returns the folder, among the unpacked libraries, that has this library.
    pub(crate) fn folder_of(&self, folder: &Path, library: &str) -> Result<PathBuf> {
        let mut folders = fs::read_dir(folder.join("usr/lib"))?.flatten().map(|entry| entry.path());
        let found = folders.find(|path| path.join(library).exists());
        found.with_context(|| format!("there is no {library} among {}", self.names.join(", ")))
    }

    /// Downloads with lists and caches in the folder, so that the system's apt is not affected.
    fn download(&self, sh: &Shell, state: &Path) -> Result<()> {
        for folder in ["sources", "state/lists/partial", "cache/archives/partial", "packages"] {
            sh.create_dir(state.join(folder))?;
        }
        let sources = sources(sh, self.release);
        let sources = sources.with_context(|| format!("packages of Debian {}", self.release))?;
        sh.write_file(state.join("sources/release.list"), sources)?;
        let options = [
            "Dir::Etc::SourceList=/dev/null".to_owned(),
            format!("Dir::Etc::SourceParts={}", state.join("sources").display()),
            format!("Dir::State={}", state.join("state").display()),
            "Dir::State::Status=/dev/null".to_owned(),
            format!("Dir::Cache={}", state.join("cache").display()),
            // The unprivileged user for apt's downloads may not write here.
            "APT::Sandbox::User=".to_owned(),
        ];
        let options = &options.map(|option| format!("-o{option}"));
        // The lists of a mirror may be missing; what counts is whether the packages can be
        // downloaded.
        let _ = cmd!(sh, "apt-get -qq {options...} update").run();
        let _folder = sh.push_dir(state.join("packages"));
        let names = self.names;
        Ok(cmd!(sh, "apt-get -qq {options...} download {names...}").run()?)
    }
}

/// The mirrors that this machine uses for its own release, with the name of the other release.
fn sources(sh: &Shell, release: &str) -> Result<String> {
    let own = cmd!(sh, "sh -c '. /etc/os-release && echo $ID $VERSION_CODENAME'").quiet().read()?;
    let codename = own.strip_prefix("debian ").context("available on Debian only")?;
    let format = "$(REPO_URI) $(RELEASE) $(COMPONENT)";
    let targets = cmd!(sh, "apt-get indextargets --no-release-info --format {format}");
    let targets = targets.arg("Created-By: Packages").quiet().read()?;
    let sources = sources_of(release, &targets, codename);
    ensure!(!sources.is_empty(), "apt has no sources for Debian {codename}");
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
