//! Both sides, read and compared.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::error::MediaError;
use super::object::{Access, Entry, Headers};
use super::pass::{Few, Survey};
use super::sorted::Last;
use super::store::Store;
use crate::{Meter, Pace};

/// How both sides compare.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Objects that the source has.
    pub objects: u64,
    /// Bytes that the source has.
    pub bytes: u64,
    /// Objects whose content was read on both sides and is the same.
    pub equal: u64,
    /// Objects that the target does not have.
    pub missing: Few,
    /// Objects whose content is another on the target.
    pub different: Few,
    /// Objects that others may read on one side alone.
    pub access: Few,
    /// Objects with another content type, cache control or disposition.
    pub untold: Few,
    /// Objects that only the target has.
    pub surplus: Few,
    /// Objects that could not be read.
    pub failed: Few,
    /// Names at the source that cannot be moved.
    pub unusable: Few,
    /// Objects that went from the source meanwhile.
    pub gone: u64,
    /// Objects of whose ACLs a side told nothing.
    pub unasked: u64,
    /// How long it took.
    pub seconds: f64,
}

impl Verdict {
    /// Whether the target has all that the source has, as the source has it.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        let wrong =
            [&self.missing, &self.different, &self.access, &self.untold, &self.failed, &self.unusable];
        wrong.iter().all(|few| few.count == 0) && self.equal + self.gone == self.objects
    }
}

/// How one object compares.
#[derive(Debug, Default)]
struct Compared {
    is_gone: bool,
    is_missing: bool,
    is_different: bool,
    is_untold: bool,
    access: Option<bool>,
}

/// What comparing needs.
#[derive(Debug, Clone)]
pub(super) struct Compare {
    pub(super) source: Store,
    pub(super) target: Store,
    pub(super) pace: Arc<Pace>,
    pub(super) meter: Arc<Meter>,
}

impl Compare {
    pub(super) async fn all(&self, survey: Survey, connections: usize) -> Result<Verdict, MediaError> {
        let began = Instant::now();
        let mut verdict = Verdict { objects: survey.objects, bytes: survey.bytes, ..Verdict::default() };
        verdict.unusable = survey.unusable.clone();
        let failed = |source| MediaError::State { path: "the sorted listing".into(), source };
        let mut source = survey.source.read().and_then(Last::new).map_err(failed)?;
        let mut target = survey.target.read().and_then(Last::new).map_err(failed)?;
        let mut working = JoinSet::new();
        loop {
            while let Some(key) = target.key()
                && source.key().is_none_or(|it| key < it)
            {
                verdict.surplus.add(key.to_owned());
                target.next().map_err(failed)?;
            }
            let next = if working.len() < connections { source.next().map_err(failed)? } else { None };
            if let Some(entry) = next {
                let is_listed = target.take(&entry.key).map_err(failed)?.is_some();
                let compare = self.clone();
                working.spawn(async move {
                    let compared = compare.one(&entry, is_listed).await;
                    (entry, compared)
                });
                continue;
            }
            let Some(joined) = working.join_next().await else { break };
            let (entry, compared) = joined.map_err(|_| MediaError::Lost)?;
            self.meter.add(1, entry.size);
            match compared {
                Ok(compared) => count(&mut verdict, entry.key, &compared),
                Err(error) if error.is_of_all() => return Err(error),
                Err(error) => verdict.failed.add(format!("{}: {error}", entry.key)),
            }
        }
        verdict.seconds = began.elapsed().as_secs_f64();
        Ok(verdict)
    }

    /// Compares, and once more where they differ: a writer may have been between. What the target does not list is asked for by its
    /// name: a server that was killed may serve what it does not list any more.
    async fn one(&self, entry: &Entry, is_listed: bool) -> Result<Compared, MediaError> {
        if !is_listed && !self.target.has(&entry.key).await? {
            let is_gone = !self.source.has(&entry.key).await?;
            return Ok(Compared { is_gone, is_missing: !is_gone, ..Compared::default() });
        }
        let compared = self.once(entry).await?;
        if !compared.is_different {
            return Ok(compared);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.once(entry).await
    }

    async fn once(&self, entry: &Entry) -> Result<Compared, MediaError> {
        let mut compared = Compared::default();
        self.pace.let_through(entry.size.saturating_mul(2)).await;
        let (here, there) =
            futures::future::join(self.source.content(&entry.key), self.target.content(&entry.key)).await;
        let here = match here {
            Err(MediaError::Missing { .. }) => return Ok(Compared { is_gone: true, ..compared }),
            here => here?,
        };
        let there = match there {
            Err(MediaError::Missing { .. }) => return Ok(Compared { is_missing: true, ..compared }),
            there => there?,
        };
        compared.is_different = (here.hash, here.size) != (there.hash, there.size);
        if let Some(told) = &there.headers {
            let wanted = here.headers.unwrap_or_else(|| Headers::of_mastodon(&entry.key));
            compared.is_untold = !told.tell_the_same(&wanted);
        }
        compared.access = self.access(&entry.key).await?;
        Ok(compared)
    }

    /// Whether the same may read it; nothing where a side does not tell.
    async fn access(&self, key: &str) -> Result<Option<bool>, MediaError> {
        let asked = async |store: &Store| match store.access(key).await {
            Err(MediaError::Refused { .. } | MediaError::Denied { .. } | MediaError::Missing { .. }) => {
                Ok(None)
            }
            asked => asked,
        };
        let (here, there) = (asked(&self.source).await?, asked(&self.target).await?);
        Ok(here.zip(there).map(|(here, there)| here == there))
    }
}

fn count(verdict: &mut Verdict, key: String, compared: &Compared) {
    if compared.is_gone {
        verdict.gone += 1;
        return;
    }
    if compared.is_missing {
        verdict.missing.add(key);
        return;
    }
    if compared.is_different {
        verdict.different.add(key);
        return;
    }
    verdict.equal += 1;
    match compared.access {
        Some(true) => {}
        Some(false) => verdict.access.add(key.clone()),
        None => verdict.unasked += 1,
    }
    if compared.is_untold {
        verdict.untold.add(key);
    }
}

/// Every n-th object that everybody may read, so many in all.
pub(super) async fn sample(source: &Store, survey: &Survey, count: usize) -> Result<Vec<String>, MediaError> {
    let failed = |source| MediaError::State { path: "the sorted listing".into(), source };
    let step = (survey.objects / count.max(1) as u64).max(1);
    let mut merge = survey.source.read().map_err(failed)?;
    let (mut at, mut keys) = (0, Vec::new());
    while let Some(entry) = merge.next().map_err(failed)? {
        if at % step == 0 && keys.len() < count {
            match source.access(&entry.key).await {
                Ok(Some(Access::Private)) | Err(MediaError::Missing { .. }) => {}
                Ok(_) if super::naming::is_private(&entry.key) => {}
                Ok(_) | Err(MediaError::Refused { .. } | MediaError::Denied { .. }) => keys.push(entry.key),
                Err(error) => return Err(error),
            }
        }
        at += 1;
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::super::bucket::Patience;
    use super::super::folder::Role;
    use super::super::object::KeyRange;
    use super::super::place::Place;
    use super::super::sorted::Sorter;
    use super::*;
    use crate::Limits;

    #[tokio::test]
    async fn what_a_target_has_and_does_not_list_is_not_missing() {
        let (here, there, state) = (folder(), folder(), folder());
        for (folder, name) in [(&here, "kept"), (&here, "lost"), (&there, "kept")] {
            std::fs::write(folder.path().join(name), name).expect("written");
        }
        let open = |path: &std::path::Path, role| {
            let place = Place::folder(path).expect("a place");
            Store::open(&place, role, Patience::Short, "test").expect("a store")
        };
        let (source, target) = (open(here.path(), Role::Source), open(there.path(), Role::Target));
        let mut survey = Survey::make(&source, &target, &KeyRange::ALL, state.path()).await.expect("listed");
        survey.target = Sorter::new(state.path()).finish().expect("nothing is listed");
        let limits = Limits { bytes_per_second: None, connections: NonZeroUsize::MIN };
        let (pace, meter) = (Arc::new(Pace::new(&limits)), Arc::new(Meter::default()));
        let verdict = Compare { source, target, pace, meter }.all(survey, 2).await.expect("compared");
        assert_eq!((verdict.equal, verdict.missing.first), (1, vec!["lost".to_owned()]));
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }
}
