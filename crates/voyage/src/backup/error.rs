use cluster::ClusterError;

/// Why a backup cannot be made, read or put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or folder cannot be used.
    #[error("{doing} {path}: {source}")]
    File {
        /// What was being done.
        doing: &'static str,
        /// Its name.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// There is none, or it was never finished.
    #[error("{0} holds no backup that was finished")]
    None(String),
    /// A newer or older program made it.
    #[error("the backup is of form {found}, and this program reads {expected}")]
    Format {
        /// What the manifest says.
        found: u32,
        /// What this program reads.
        expected: u32,
    },
    /// Files are not as they were written.
    #[error("the backup is damaged: {}", .0.join("; "))]
    Damaged(Vec<String>),
    /// Secrets are encrypted, and nobody gave the identity.
    #[error("the backup holds Secrets, encrypted for {0}: the identity is needed")]
    Locked(String),
    /// The identity given is another one.
    #[error("the identity does not open the backup, which is encrypted for {0}")]
    OtherIdentity(String),
    /// A text is no key of age.
    #[error("this is not an age {0} (X25519)")]
    Key(&'static str),
    /// A file with an identity may be read by others.
    #[error("{0} holds an identity and may be read by others than its owner")]
    Exposed(String),
    /// The new side stands and works.
    #[error("pods of the new side still run: {}", .0.join(", "))]
    NewSideRuns(Vec<String>),
    /// The cluster refused.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}
