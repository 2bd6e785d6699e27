//! What can be asked for.

use std::num::NonZeroUsize;

use camino::Utf8PathBuf;
use clap::{Args, Subcommand};

use crate::data::limits::LimitArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum MediaCommand {
    /// Look at both sides, and try on the target what will be needed; what is tried there is removed again
    Plan(MoveArgs),
    /// Copy everything while the server goes on; each object is read back and compared
    Copy(CopyArgs),
    /// Copy what has changed since; the last time behind the fence, with --delete
    Delta(DeltaArgs),
    /// Read both sides and compare everything; fetch a sample from outside
    Verify(VerifyArgs),
    /// Say how far the move is
    Status(StateArgs),
    /// Remove from the target what only the move itself needed; what was copied stays
    Cleanup(MoveArgs),
    /// Print a Kubernetes Job that copies by several pods, each a range of keys
    Job(JobArgs),
}

#[derive(Debug, Args)]
pub(crate) struct MoveArgs {
    /// Where media are: a folder, env: (S3_… and AWS_… of the environment), env:PREFIX (their names after a prefix), or
    /// file:PATH (a file such as .env.production)
    #[arg(long, value_name = "PLACE")]
    pub(crate) from: String,
    /// Where they shall be, told in the same way
    #[arg(long, value_name = "PLACE")]
    pub(crate) to: String,
    /// Folder with the state of the move, made where there is none
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Utf8PathBuf,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CopyArgs {
    #[command(flatten)]
    pub(crate) moved: MoveArgs,
    /// Ranges of keys, as `job` prints them; copies one of them
    #[arg(long, value_name = "FILE")]
    pub(crate) ranges: Option<Utf8PathBuf>,
    /// Which of the ranges, counted from 0; JOB_COMPLETION_INDEX by default, as a pod of the Job has it
    #[arg(long, value_name = "N", requires = "ranges")]
    pub(crate) part: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct DeltaArgs {
    #[command(flatten)]
    pub(crate) moved: MoveArgs,
    /// Delete from the target what the source does not have any more; nothing but what the move has written
    #[arg(long)]
    pub(crate) delete: bool,
    /// Read everything again: finds ACLs and headers that changed in a bucket, and what the target has lost
    #[arg(long)]
    pub(crate) reread: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) moved: MoveArgs,
    /// Where media were to be had from outside, such as <https://example.com/system>
    #[arg(long, value_name = "URL")]
    pub(crate) old_url: Option<String>,
    /// Where they are to be had now, such as <https://files.example.com>
    #[arg(long, value_name = "URL")]
    pub(crate) new_url: Option<String>,
    /// So many are fetched from outside
    #[arg(long, value_name = "N", default_value = "20")]
    pub(crate) sample: NonZeroUsize,
}

#[derive(Debug, Args)]
pub(crate) struct StateArgs {
    /// Folder with the state of the move
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Utf8PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct JobArgs {
    #[command(flatten)]
    pub(crate) moved: MoveArgs,
    /// Pods, each with a range of keys that is about as much work
    #[arg(long, value_name = "N", default_value = "4")]
    pub(crate) parts: NonZeroUsize,
    /// Image with this program
    #[arg(long)]
    pub(crate) image: String,
    /// Namespace of the Job
    #[arg(long, default_value = "mastodon")]
    pub(crate) namespace: String,
    /// Secret with the settings of the source's bucket, or PersistentVolumeClaim with its folder
    #[arg(long, value_name = "NAME")]
    pub(crate) source: String,
    /// Secret with the settings of the target's bucket, or PersistentVolumeClaim with its folder
    #[arg(long, value_name = "NAME")]
    pub(crate) target: String,
}
