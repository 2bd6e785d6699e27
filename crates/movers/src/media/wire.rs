//! What carries requests to a bucket: connections with our TLS, the signature, and what `object_store` has no word for.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderName, HeaderValue};
use http_body_util::BodyExt as _;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use object_store::ClientOptions;
use object_store::aws::{AwsAuthorizer, AwsCredential};
use object_store::client::{
    HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, HttpResponseBody,
    HttpService,
};

use super::object::Hash;

/// How long a connection may take to come about.
const CONNECTING: Duration = Duration::from_secs(5);

/// How long a server may take until it begins to answer; what is sent before counts as well.
const ANSWERING: Duration = Duration::from_secs(120);

/// The canned ACL that a request shall carry, in its extensions.
#[derive(Debug, Clone)]
pub(super) struct CannedAcl(pub(super) HeaderValue);

const ACL: HeaderName = HeaderName::from_static("x-amz-acl");

/// Sends, signing each request as it leaves: each attempt has a time of its own in its signature.
pub(super) struct Wire {
    client: Client<HttpsConnector<HttpConnector>, HttpRequestBody>,
    credential: Arc<AwsCredential>,
    region: String,
}

impl fmt::Debug for Wire {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Wire({})", self.region)
    }
}

impl Wire {
    /// # Errors
    /// When the certificates of the authorities that this machine trusts cannot be read.
    pub(super) fn new(credential: Arc<AwsCredential>, region: String) -> std::io::Result<Self> {
        Ok(Self { client: client()?, credential, region })
    }

    async fn sign(&self, request: &mut HttpRequest) -> Result<(), HttpError> {
        if let Some(CannedAcl(acl)) = request.extensions().get::<CannedAcl>().cloned() {
            request.headers_mut().insert(ACL, acl);
        }
        let hash = match request.extensions().get::<Hash>() {
            Some(known) => *known,
            // What is in memory already is collected without being copied.
            None => Hash::of(&request.body().clone().collect().await?.to_bytes()),
        };
        AwsAuthorizer::new(&self.credential, "s3", &self.region)
            .try_authorize(request, Some(&hash.0))
            .map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))
    }

    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.sign(&mut request).await?;
        let answer = tokio::time::timeout(ANSWERING, self.client.request(request)).await;
        let answer =
            answer.map_err(|late| HttpError::new(HttpErrorKind::Timeout, late))?.map_err(|error| {
                let kind =
                    if error.is_connect() { HttpErrorKind::Connect } else { HttpErrorKind::Interrupted };
                HttpError::new(kind, error)
            })?;
        Ok(answer.map(|body| {
            HttpResponseBody::new(body.map_err(|error| HttpError::new(HttpErrorKind::Interrupted, error)))
        }))
    }
}

impl HttpService for Wire {
    fn call<'a, 'b>(&'a self, request: HttpRequest) -> BoxFuture<'b, Result<HttpResponse, HttpError>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(self.send(request))
    }
}

/// Connections that trust what this machine trusts (`SSL_CERT_FILE` names other authorities).
pub(super) fn client<B>() -> std::io::Result<Client<HttpsConnector<HttpConnector>, B>>
where
    B: hyper::body::Body<Data = Bytes> + Send + 'static + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECTING));
    tcp.set_keepalive(Some(Duration::from_secs(30)));
    let tls = hyper_rustls::HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(rustls::crypto::ring::default_provider())?
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Ok(Client::builder(TokioExecutor::new()).build(tls))
}

/// Hands out the one client there is.
#[derive(Debug, Clone)]
pub(super) struct Connector(pub(super) HttpClient);

impl object_store::client::HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(self.0.clone())
    }
}
