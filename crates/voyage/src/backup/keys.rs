//! For whom Secrets are encrypted, and who can read them again.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::str::FromStr;

use age::secrecy::ExposeSecret;

use super::BackupError;

/// For whom Secrets are encrypted: a public key of age (`age1…`).
#[derive(Clone)]
pub struct Recipient(age::x25519::Recipient);

impl std::fmt::Debug for Recipient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Recipient({self})")
    }
}

impl std::fmt::Display for Recipient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

impl FromStr for Recipient {
    type Err = BackupError;

    fn from_str(text: &str) -> Result<Self, BackupError> {
        text.trim().parse().map(Self).map_err(|_| BackupError::Key("recipient"))
    }
}

impl Recipient {
    pub(crate) fn encrypt(&self, bytes: &[u8]) -> Result<Vec<u8>, std::io::Error> {
        age::encrypt(&self.0, bytes).map_err(std::io::Error::other)
    }
}

/// Who can read Secrets again: a private key of age. Nothing shows it.
#[derive(Clone)]
pub struct Identity(age::x25519::Identity);

impl std::fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Identity of {}", self.0.to_public())
    }
}

impl Identity {
    /// The identity in a file, made with the file where there is none: readable by its owner alone, as `age-keygen` writes it.
    ///
    /// # Errors
    /// When the file cannot be used, holds none, or may be read by others.
    pub fn in_file(path: &Path) -> Result<Self, BackupError> {
        let failed = |doing, source| BackupError::File { doing, path: path.display().to_string(), source };
        let made = age::x25519::Identity::generate();
        let text = format!("# public key: {}\n{}\n", made.to_public(), made.to_string().expose_secret());
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
            Ok(mut file) => {
                let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
                written.map_err(|error| failed("write", error))?;
                Ok(Self(made))
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Self::read(path),
            Err(error) => Err(failed("make", error)),
        }
    }

    /// The identity in a file that exists.
    ///
    /// # Errors
    /// When the file cannot be read, holds none, or may be read by others.
    pub fn read(path: &Path) -> Result<Self, BackupError> {
        let failed = |source| BackupError::File { doing: "read", path: path.display().to_string(), source };
        let mode = path.metadata().map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(BackupError::Exposed(path.display().to_string()));
        }
        let text = std::fs::read_to_string(path).map_err(failed)?;
        let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
        let identity = line.and_then(|line| line.parse().ok()).map(Self);
        identity.ok_or(BackupError::Key("identity"))
    }

    /// For whom what this one reads is encrypted.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        Recipient(self.0.to_public())
    }

    pub(crate) fn decrypt(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        age::decrypt(&self.0, bytes).ok()
    }
}
