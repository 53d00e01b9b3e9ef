//! The settings of the terminal before the editor.

/// Restores the terminal when it is dropped: the editor may still wait for a line then.
#[must_use = "dropped, it restores the terminal"]
pub(super) struct Terminal {
    #[cfg(unix)]
    attributes: Option<nix::sys::termios::Termios>,
}

impl Terminal {
    pub(super) fn remember() -> Self {
        Self {
            #[cfg(unix)]
            attributes: nix::sys::termios::tcgetattr(std::io::stdin()).ok(),
        }
    }
}

#[cfg(unix)]
impl Drop for Terminal {
    fn drop(&mut self) {
        use std::io::{Write as _, stdin, stdout};

        use nix::sys::termios::{SetArg, tcsetattr};

        // A closed terminal needs no restoring.
        if let Some(attributes) = &self.attributes {
            let _ = tcsetattr(stdin(), SetArg::TCSADRAIN, attributes);
            // Ends bracketed paste, and clears the line with the prompt.
            let _ = stdout().write_all(b"\x1b[?2004l\r\x1b[K");
            let _ = stdout().flush();
        }
    }
}
