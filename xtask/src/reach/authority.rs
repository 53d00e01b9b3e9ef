use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{command, output};
use crate::failure::Result;
use crate::{packages, stamp, workspace};

/// A certificate authority, created for one test by the program `openssl`.
pub(crate) struct Authority {
    folder: PathBuf,
}

/// A certificate and its private key, in PEM files.
pub(crate) struct Certificate {
    pub(crate) chain: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    pub(crate) fn create(name: &str) -> Result<Self> {
        packages::program("openssl", "openssl")?;
        let folder = workspace::scratch("authorities")?.join(name);
        stamp::clear(&folder)?;
        let mut request = request(&folder, "authority", &format!("Authority {name}"));
        extend(
            &mut request,
            ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"],
        );
        output(&mut request)?;
        Ok(Self { folder })
    }

    /// The file for clients that trust it.
    pub(crate) fn certificates(&self) -> PathBuf {
        self.folder.join("authority.pem")
    }

    /// A server's certificate for these names, such as `DNS:localhost,IP:127.0.0.1`.
    pub(crate) fn certificate(&self, file: &str, names: &str) -> Result<Certificate> {
        let mut request = request(&self.folder, file, file);
        request.arg("-CA").arg(self.certificates());
        request.arg("-CAkey").arg(self.folder.join("authority.key"));
        let names = format!("subjectAltName={names}");
        extend(
            &mut request,
            ["basicConstraints=critical,CA:FALSE", "extendedKeyUsage=serverAuth", &names],
        );
        output(&mut request)?;
        let [chain, key] =
            ["pem", "key"].map(|extension| self.folder.join(file).with_extension(extension));
        Ok(Certificate { chain, key })
    }
}

fn request(folder: &Path, file: &str, name: &str) -> Command {
    let mut request = command("openssl");
    request.args(["req", "-x509", "-nodes", "-days", "2"]);
    request.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
    request.args(["-subj", &format!("/CN={name}")]);
    request.arg("-keyout").arg(folder.join(file).with_extension("key"));
    request.arg("-out").arg(folder.join(file).with_extension("pem"));
    request
}

fn extend<S: AsRef<OsStr>>(request: &mut Command, extensions: impl IntoIterator<Item = S>) {
    for extension in extensions {
        request.arg("-addext").arg(extension);
    }
}
