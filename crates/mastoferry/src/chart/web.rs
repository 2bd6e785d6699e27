//! Fetching over HTTP: what a repository of charts needs, and no more.

use std::time::Duration;

use http::{StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use url::Url;

/// How long one address may take, redirections included: as long as Helm gives it.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often an answer may send elsewhere, as in Go.
const MAX_REDIRECTS: usize = 10;

/// Why something could not be fetched.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    /// Neither `http` nor `https`, or no host.
    #[error("it is no address of the web")]
    BadAddress,
    /// A name and password in the address.
    #[error("names and passwords in addresses are not supported")]
    Credentials,
    /// No connection, or one that broke off: perhaps there is no network.
    #[error("{0}")]
    NoAnswer(String),
    /// An answer, but not with what was asked for.
    #[error("the server answers {0}")]
    Status(StatusCode),
    /// More bytes than it may have.
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
    /// Sent from one address to the next for too long.
    #[error("it leads elsewhere more than {MAX_REDIRECTS} times")]
    Redirects,
}

/// Fetches an address, at most `limit` bytes.
///
/// # Errors
/// Everything that is not an answer of 200.
pub(super) fn fetch(address: &Url, limit: usize) -> Result<Vec<u8>, FetchError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| FetchError::NoAnswer(error.to_string()))?;
    runtime.block_on(async {
        let late = |_| FetchError::NoAnswer(format!("no answer within {} seconds", PATIENCE.as_secs()));
        tokio::time::timeout(PATIENCE, follow(address.clone(), limit)).await.map_err(late)?
    })
}

async fn follow(mut address: Url, limit: usize) -> Result<Vec<u8>, FetchError> {
    let connector = hyper_rustls::HttpsConnectorBuilder::new().with_native_roots();
    let connector = connector.map_err(|error| FetchError::NoAnswer(error.to_string()))?;
    let connector = connector.https_or_http().enable_http1().build();
    let client: Client<_, Empty<&[u8]>> = Client::builder(TokioExecutor::new()).build(connector);
    for _ in 0..=MAX_REDIRECTS {
        let request = http::Request::get(uri(&address)?)
            .header(header::USER_AGENT, concat!("mastoferry/", env!("CARGO_PKG_VERSION")))
            .body(Empty::new())
            .map_err(|_| FetchError::BadAddress)?;
        let answer = client.request(request).await.map_err(|error| FetchError::NoAnswer(whole(&error)))?;
        let status = answer.status();
        if status == StatusCode::OK {
            return body(answer, limit).await;
        }
        let next = answer.headers().get(header::LOCATION).and_then(|next| next.to_str().ok());
        match next.filter(|_| status.is_redirection()).and_then(|next| address.join(next).ok()) {
            Some(next) => address = next,
            None => return Err(FetchError::Status(status)),
        }
    }
    Err(FetchError::Redirects)
}

fn uri(address: &Url) -> Result<Uri, FetchError> {
    if !matches!(address.scheme(), "http" | "https") || !address.has_host() {
        return Err(FetchError::BadAddress);
    }
    if !address.username().is_empty() || address.password().is_some() {
        return Err(FetchError::Credentials);
    }
    let mut plain = address.clone();
    plain.set_fragment(None);
    plain.as_str().parse().map_err(|_| FetchError::BadAddress)
}

async fn body(answer: http::Response<hyper::body::Incoming>, limit: usize) -> Result<Vec<u8>, FetchError> {
    match Limited::new(answer.into_body(), limit).collect().await {
        Ok(body) => Ok(body.to_bytes().to_vec()),
        Err(error) if error.is::<LengthLimitError>() => Err(FetchError::TooLarge(limit)),
        Err(error) => Err(FetchError::NoAnswer(whole(&*error))),
    }
}

/// An error and what caused it: connections fail deep down.
fn whole(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
