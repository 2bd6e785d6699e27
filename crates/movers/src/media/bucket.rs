//! Objects in a bucket.

use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use http::{HeaderValue, Method};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{HttpClient, HttpError, HttpRequest, HttpRequestBody};
use object_store::multipart::{MultipartStore as _, PartId};
use object_store::path::Path as Key;
use object_store::{
    Attribute, Attributes, BackoffConfig, Extensions, GetOptions, GetResult, ObjectMeta, ObjectStore as _,
    ObjectStoreExt as _, PutMultipartOptions, PutOptions, PutPayload, RetryConfig,
};
use sha2::Digest as _;

use super::error::MediaError;
use super::object::{Access, Content, Entry, Found, Hash, Headers, KeyRange, MARK_NAME, Mark, PART, Traits};
use super::place::Bucket;
use super::wire::{CannedAcl, Connector, Wire};
use super::{acl, naming, uploads};

/// How long nothing may come while an object is read.
const STALLED: Duration = Duration::from_secs(60);

/// Begun uploads that are looked through; more than any mover leaves.
const MOST_BEGUN: usize = 100_000;

/// How long something that does not work is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Somebody waits for an answer.
    Short,
    /// A server may be started anew meanwhile.
    Long,
}

/// A bucket that is talked to.
#[derive(Debug)]
pub(super) struct BucketStore {
    place: String,
    settings: Bucket,
    store: AmazonS3,
    wire: HttpClient,
    /// Scheme and host, with the bucket's name where it is in the path.
    root: String,
}

impl BucketStore {
    pub(super) fn open(settings: &Bucket, patience: Patience) -> Result<Self, MediaError> {
        let place = settings.to_string();
        let failed = |reason: String| MediaError::Unreachable { place: place.clone(), reason };
        let wire = Wire::new(settings.credential.clone(), settings.region.clone());
        let wire = HttpClient::new(wire.map_err(|error| failed(error.to_string()))?);
        let (max_retries, retry_timeout) = match patience {
            Patience::Short => (2, Duration::from_secs(5)),
            Patience::Long => (10, Duration::from_secs(60)),
        };
        let backoff = BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(5),
            base: 2.0,
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&settings.name)
            .with_region(&settings.region)
            .with_virtual_hosted_style_request(!settings.path_style)
            .with_allow_http(true)
            // Each request is signed where it leaves, with the ACL that it carries.
            .with_skip_signature(true)
            // Google's storage does not know the deletion of many at once.
            .with_disable_bulk_delete(true)
            .with_retry(RetryConfig { backoff, max_retries, retry_timeout })
            .with_http_connector(Connector(wire.clone()));
        let root = root(settings);
        if settings.endpoint.is_some() {
            // With names of buckets in the host, the endpoint is the whole of it.
            let end = root.strip_suffix(&format!("/{}", settings.name)).filter(|_| settings.path_style);
            builder = builder.with_endpoint(end.unwrap_or(&root));
        }
        let store = builder.build().map_err(|error| failed(error.to_string()))?;
        Ok(Self { place, settings: settings.clone(), store, wire, root })
    }

    pub(super) fn name(&self) -> &str {
        &self.place
    }

    pub(super) fn settings(&self) -> &Bucket {
        &self.settings
    }

    fn key(&self, key: &str) -> Result<Key, MediaError> {
        let full = self.full(key);
        match Key::parse(&full) {
            Ok(parsed) if parsed.as_ref() == full => Ok(parsed),
            _ => Err(MediaError::Name { place: self.place.clone(), name: key.to_owned() }),
        }
    }

    fn full(&self, key: &str) -> String {
        if self.settings.prefix.is_empty() {
            key.to_owned()
        } else {
            format!("{}/{key}", self.settings.prefix)
        }
    }

    /// Lists what lies within the range, page by page, in the server's order.
    pub(super) fn list(&self, range: &KeyRange) -> BoxStream<'_, Result<Found, MediaError>> {
        // An empty one, which cannot be parsed to anything, lists all.
        let prefix = Key::parse(&self.settings.prefix).ok();
        let listed = match range.after.as_deref().map(|after| self.key(after)) {
            Some(Ok(after)) => self.store.list_with_offset(prefix.as_ref(), &after),
            _ => self.store.list(prefix.as_ref()),
        };
        let range = range.clone();
        let found = listed.filter_map(move |listed| {
            let found = match listed {
                Ok(meta) => self.found(meta, &range).map(Ok),
                Err(error) => Some(Err(self.told("list", "", error))),
            };
            std::future::ready(found)
        });
        Box::pin(found)
    }

    fn found(&self, meta: ObjectMeta, range: &KeyRange) -> Option<Found> {
        let full = meta.location.as_ref();
        let key = match self.settings.prefix.as_str() {
            "" => full,
            prefix => full.strip_prefix(prefix)?.strip_prefix('/')?,
        };
        if naming::is_reserved(key) || !range.holds(key) {
            return None;
        }
        if let Some(why) = naming::unusable(key) {
            return Some(Found::Unusable { name: key.to_owned(), why });
        }
        Some(Found::Object(Entry { key: key.to_owned(), size: meta.size, mark: mark(&meta) }))
    }

    /// Begins to read: who may read it is asked only where that is to be kept.
    pub(super) async fn read(
        &self,
        key: &str,
        ask_access: bool,
    ) -> Result<(u64, Traits, Chunks), MediaError> {
        let result = self.get(key).await?;
        let access = match ask_access {
            true => self.access(key).await?,
            false if naming::is_private(key) => Access::Private,
            false => Access::Public,
        };
        let traits = Traits {
            headers: Headers::given(&result.attributes),
            access,
            modified: SystemTime::from(result.meta.last_modified),
            mark: mark(&result.meta),
        };
        let size = result.meta.size;
        Ok((size, traits, Chunks { place: self.place.clone(), stream: result.into_stream(), kept: None }))
    }

    async fn get(&self, key: &str) -> Result<GetResult, MediaError> {
        self.store.get(&self.key(key)?).await.map_err(|error| self.told("read objects", key, error))
    }

    /// Reads all of it and forgets all but the hash.
    pub(super) async fn content(&self, key: &str) -> Result<Content, MediaError> {
        let result = self.get(key).await?;
        let mark = mark(&result.meta);
        let headers = Some(Headers::given(&result.attributes));
        let mut stream = result.into_stream();
        let (mut hasher, mut size) = (sha2::Sha256::new(), 0);
        while let Some(chunk) = next(&self.place, &mut stream).await? {
            hasher.update(&chunk);
            size += chunk.len() as u64;
        }
        Ok(Content { hash: Hash(hasher.finalize().into()), size, mark, headers })
    }

    /// Which version it was copied from, as we told when we put it.
    pub(super) async fn ours(&self, key: &str) -> Result<Option<Mark>, MediaError> {
        let options = GetOptions { head: true, ..GetOptions::default() };
        let result = self.store.get_opts(&self.key(key)?, options).await;
        let result = result.map_err(|error| self.told("read objects", key, error))?;
        let from = result.attributes.get(&Attribute::Metadata(MARK_NAME.into()));
        Ok(from.map(|text| Mark(text.as_ref().to_owned())))
    }

    /// Whether it is there.
    pub(super) async fn has(&self, key: &str) -> Result<bool, MediaError> {
        match self.store.head(&self.key(key)?).await.map_err(|error| self.told("read objects", key, error)) {
            Ok(_) => Ok(true),
            Err(MediaError::Missing { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn extensions(&self, access: Access) -> Extensions {
        let mut extensions = Extensions::new();
        let canned = match access {
            Access::Private => self.settings.permission.as_ref().map(|_| HeaderValue::from_static("private")),
            Access::Public => self.settings.permission.as_ref().and_then(|it| HeaderValue::from_str(it).ok()),
        };
        if let Some(canned) = canned {
            extensions.insert(CannedAcl(canned));
        }
        extensions
    }

    fn attributes(&self, traits: &Traits, hash: Option<&Hash>) -> Attributes {
        let mut attributes = traits.headers.with_ours(hash, &traits.mark);
        if let Some(class) = &self.settings.storage_class {
            attributes.insert(Attribute::StorageClass, class.clone().into());
        }
        attributes
    }

    /// Puts all of it at once.
    pub(super) async fn put(
        &self,
        key: &str,
        bytes: Bytes,
        hash: Hash,
        traits: &Traits,
    ) -> Result<(), MediaError> {
        let mut extensions = self.extensions(traits.access);
        // The server holds the content against it before it takes it.
        extensions.insert(hash);
        let options = PutOptions {
            attributes: self.attributes(traits, Some(&hash)),
            extensions,
            ..PutOptions::default()
        };
        let put = self.store.put_opts(&self.key(key)?, PutPayload::from_bytes(bytes), options).await;
        put.map(|_| ()).map_err(|error| self.told("write objects", key, error))
    }

    pub(super) async fn begin(&self, key: &str, traits: &Traits) -> Result<String, MediaError> {
        let options = PutMultipartOptions {
            attributes: self.attributes(traits, None),
            extensions: self.extensions(traits.access),
            ..PutMultipartOptions::default()
        };
        let begun = self.store.create_multipart_opts(&self.key(key)?, options).await;
        begun.map_err(|error| self.told("write objects", key, error))
    }

    pub(super) async fn put_part(
        &self,
        key: &str,
        upload: &str,
        index: usize,
        bytes: Bytes,
    ) -> Result<PartId, MediaError> {
        let (path, upload) = (self.key(key)?, upload.to_owned());
        let put = self.store.put_part(&path, &upload, index, PutPayload::from_bytes(bytes)).await;
        put.map_err(|error| self.told("write objects", key, error))
    }

    pub(super) async fn complete(
        &self,
        key: &str,
        upload: &str,
        parts: Vec<PartId>,
    ) -> Result<(), MediaError> {
        let completed = self.store.complete_multipart(&self.key(key)?, &upload.to_owned(), parts).await;
        completed.map(|_| ()).map_err(|error| self.told("write objects", key, error))
    }

    /// Ends an upload that was begun; one that is over already is no error.
    pub(super) async fn abort(&self, key: &str, upload: &str) -> Result<(), MediaError> {
        let aborted = self.store.abort_multipart(&self.key(key)?, &upload.to_owned()).await;
        match aborted.map_err(|error| self.told("end uploads", key, error)) {
            Err(MediaError::Missing { .. }) => Ok(()),
            other => other,
        }
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), MediaError> {
        match self
            .store
            .delete(&self.key(key)?)
            .await
            .map_err(|error| self.told("delete objects", key, error))
        {
            Err(MediaError::Missing { .. }) => Ok(()),
            other => other,
        }
    }

    /// Who may read it, by its ACL.
    pub(super) async fn access(&self, key: &str) -> Result<Access, MediaError> {
        let mut wait = Duration::from_millis(200);
        loop {
            match self.access_once(key).await {
                Err(MediaError::Unreachable { .. }) if wait < Duration::from_secs(4) => {
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
                other => return other,
            }
        }
    }

    async fn access_once(&self, key: &str) -> Result<Access, MediaError> {
        let doing = "read ACLs";
        let path = format!("/{}?acl=", acl::encode(self.key(key)?.as_ref()));
        let body = self.ask(doing, key, &path).await?;
        acl::read(&body).ok_or_else(|| MediaError::Refused {
            place: self.place.clone(),
            doing,
            reason: "no ACL".to_owned(),
        })
    }

    /// The uploads in parts that were begun below our prefix and not ended, whoever began them: their keys and ids.
    pub(super) async fn begun(&self) -> Result<Vec<(String, String)>, MediaError> {
        let doing = "list uploads";
        let prefix = self.full("");
        let (mut begun, mut after) = (Vec::new(), None);
        loop {
            let path = uploads::path(&prefix, after.as_ref());
            let body = self.ask(doing, "", &path).await?;
            let page = uploads::read(&body).ok_or_else(|| MediaError::Refused {
                place: self.place.clone(),
                doing,
                reason: "no list of uploads".to_owned(),
            })?;
            let ours = page.begun.into_iter().filter_map(|(full, id)| {
                let key = full.strip_prefix(&prefix)?;
                Some((key.to_owned(), id))
            });
            begun.extend(ours);
            // A server that names the same place again would never end.
            if page.next.is_none() || page.next == after || begun.len() > MOST_BEGUN {
                return Ok(begun);
            }
            after = page.next;
        }
    }

    /// What `object_store` has no word for: the answer to a request below the bucket's root.
    async fn ask(&self, doing: &'static str, key: &str, path: &str) -> Result<Bytes, MediaError> {
        let unreachable = |error: HttpError| MediaError::Unreachable {
            place: self.place.clone(),
            reason: innermost(&error),
        };
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = format!("{}{path}", self.root)
            .parse()
            .map_err(|_| MediaError::Name { place: self.place.clone(), name: key.to_owned() })?;
        let answer = self.wire.execute(request).await.map_err(unreachable)?;
        let status = answer.status();
        let place = || self.place.clone();
        if status.is_server_error() {
            return Err(if status.as_u16() == 501 {
                MediaError::Refused { place: place(), doing, reason: status.to_string() }
            } else {
                MediaError::Unreachable { place: place(), reason: status.to_string() }
            });
        }
        match status.as_u16() {
            200 => answer.into_body().bytes().await.map_err(unreachable),
            401 | 403 => Err(MediaError::Denied { place: place(), doing }),
            404 => Err(MediaError::Missing { place: place(), key: key.to_owned() }),
            _ => Err(MediaError::Refused { place: place(), doing, reason: status.to_string() }),
        }
    }

    /// An error in our words; the innermost reason is the one that tells something.
    fn told(&self, doing: &'static str, key: &str, error: object_store::Error) -> MediaError {
        told(&self.place, doing, key, error)
    }
}

fn told(place: &str, doing: &'static str, key: &str, error: object_store::Error) -> MediaError {
    use object_store::Error;
    let place = place.to_owned();
    let text = error.to_string();
    // Servers say in the body what the status leaves open.
    let says = |code: &str| text.contains(code);
    if says("QuotaExceeded") || says("XMinioStorageFull") || says("no space left") || says("507 ") {
        return MediaError::Full { place };
    }
    if says("InvalidAccessKeyId") || says("SignatureDoesNotMatch") || says("AccessDenied") {
        return MediaError::Denied { place, doing };
    }
    if says("NoSuchBucket") {
        return MediaError::Absent { place };
    }
    match error {
        Error::NotFound { .. } => MediaError::Missing { place, key: key.to_owned() },
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => MediaError::Denied { place, doing },
        Error::InvalidPath { .. } => MediaError::Name { place, name: text },
        other if is_unreachable(&other) => MediaError::Unreachable { place, reason: innermost(&other) },
        other => MediaError::Refused { place, doing, reason: innermost(&other) },
    }
}

/// Whether nobody answered, or somebody with a fault of the server (5xx).
fn is_unreachable(error: &object_store::Error) -> bool {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if error.is::<HttpError>() || error.is::<tokio::time::error::Elapsed>() {
            return true;
        }
        next = error.source();
    }
    let text = error.to_string();
    text.contains("status code: 5") || text.contains("error response: 5")
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    let text = last.to_string();
    // A server's page is no message.
    text.chars().take(300).collect()
}

/// Scheme, host and the bucket's name; what an object's key follows after a slash.
fn root(settings: &Bucket) -> String {
    let Bucket { name, region, endpoint, path_style, .. } = settings;
    match endpoint {
        None => format!("https://{name}.s3.{region}.amazonaws.com"),
        Some(endpoint) if *path_style => format!("{endpoint}/{name}"),
        Some(endpoint) => match endpoint.split_once("://") {
            Some((scheme, host)) => format!("{scheme}://{name}.{host}"),
            None => endpoint.clone(),
        },
    }
}

/// The entity tag; where a server gives none, the time of the last change.
fn mark(meta: &ObjectMeta) -> Mark {
    Mark(meta.e_tag.clone().unwrap_or_else(|| meta.last_modified.timestamp().to_string()))
}

async fn next(
    place: &str,
    stream: &mut BoxStream<'static, object_store::Result<Bytes>>,
) -> Result<Option<Bytes>, MediaError> {
    let late =
        |_| MediaError::Unreachable { place: place.to_owned(), reason: "it stopped sending".to_owned() };
    let chunk = tokio::time::timeout(STALLED, stream.next()).await.map_err(late)?;
    chunk.transpose().map_err(|error| told(place, "read objects", "", error))
}

/// An object's content as it comes, cut into parts.
pub(super) struct Chunks {
    place: String,
    stream: BoxStream<'static, object_store::Result<Bytes>>,
    kept: Option<Bytes>,
}

impl Chunks {
    /// The next part, full unless it is the last; nothing after that.
    pub(super) async fn part(&mut self) -> Result<Option<Bytes>, MediaError> {
        let mut part = BytesMut::new();
        while (part.len() as u64) < PART {
            let Some(mut chunk) = (match self.kept.take() {
                Some(kept) => Some(kept),
                None => next(&self.place, &mut self.stream).await?,
            }) else {
                break;
            };
            let room = PART as usize - part.len();
            if chunk.len() > room {
                self.kept = Some(chunk.split_off(room));
            }
            part.extend_from_slice(&chunk);
        }
        Ok((!part.is_empty()).then(|| part.freeze()))
    }
}
