//! Prometheus, asked for one number at a time.

use std::time::Duration;

use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// An answer of one number is small.
const LARGEST: usize = 1024 * 1024;

/// Why Prometheus gave no answer that can be used. None of these holds the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrometheusError {
    /// The address is none of `http://` or `https://`, or has a password in it.
    #[error("the address of Prometheus must begin with http:// or https:// and hold no password")]
    Address,
    /// The machine's certificates cannot be read.
    #[error("this machine's certificates cannot be read: {0}")]
    Certificates(String),
    /// Nobody answers.
    #[error("Prometheus cannot be reached: {0}")]
    NoAnswer(String),
    /// It answered too late.
    #[error("Prometheus does not answer within {} s", PATIENCE.as_secs())]
    Late,
    /// It does not let us in.
    #[error("Prometheus refuses us (status {0}): a token is missing or wrong")]
    Refused(u16),
    /// What answers is no Prometheus.
    #[error("what answers is not Prometheus (status {0})")]
    NotPrometheus(u16),
    /// It does not understand the query, or cannot carry it out.
    #[error("Prometheus refuses the query: {0}")]
    Query(String),
    /// More than one number.
    #[error("the query gives {0} series, and must give one: sum() or max() over them")]
    Series(usize),
    /// Text, or numbers over time.
    #[error("the query gives a {0}, and must give a number")]
    Kind(String),
}

/// A Prometheus, or what speaks its HTTP API: Thanos, Mimir, VictoriaMetrics, a managed one.
#[derive(Clone)]
pub struct Prometheus {
    base: String,
    token: Option<String>,
    client: Client<HttpsConnector<HttpConnector>, Empty<&'static [u8]>>,
}

impl std::fmt::Debug for Prometheus {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Prometheus").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Prometheus {
    /// One at an address (`http://host:9090`, with a path where one is before its API), with a bearer token where it wants
    /// one.
    ///
    /// # Errors
    /// When the address cannot be used. Nobody is asked yet.
    pub fn new(address: &str, token: Option<String>) -> Result<Self, PrometheusError> {
        let uri: Uri = address.trim().parse().map_err(|_| PrometheusError::Address)?;
        let authority = uri.authority().ok_or(PrometheusError::Address)?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || authority.as_str().contains('@') {
            return Err(PrometheusError::Address);
        }
        let scheme = uri.scheme_str().unwrap_or_default();
        let base = format!("{scheme}://{authority}{}", uri.path().trim_end_matches('/'));
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| PrometheusError::Certificates(error.to_string()))?;
        let connector = connector.https_or_http().enable_http1().build();
        Ok(Self { base, token, client: Client::builder(TokioExecutor::new()).build(connector) })
    }

    /// The number that a query gives at this moment; nothing where it gives no series, or no number (0 of 0).
    ///
    /// # Errors
    /// When there is no answer, or none that is one number.
    pub async fn query(&self, promql: &str) -> Result<Option<f64>, PrometheusError> {
        let late = |_| PrometheusError::Late;
        let (status, body) = tokio::time::timeout(PATIENCE, self.ask(promql)).await.map_err(late)??;
        let answer: Option<Value> = serde_json::from_slice(&body).ok();
        match (status, answer) {
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
                Err(PrometheusError::Refused(status.as_u16()))
            }
            (_, Some(answer)) if answer["status"] == "success" => number(&answer["data"]),
            (_, Some(answer)) if answer["status"] == "error" => {
                Err(PrometheusError::Query(answer["error"].as_str().unwrap_or_default().to_owned()))
            }
            _ => Err(PrometheusError::NotPrometheus(status.as_u16())),
        }
    }

    async fn ask(&self, promql: &str) -> Result<(StatusCode, Vec<u8>), PrometheusError> {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("query", promql).finish();
        let mut request = Request::get(format!("{}/api/v1/query?{query}", self.base));
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Empty::new()).map_err(|_| PrometheusError::Address)?;
        let failed = |error: &dyn std::error::Error| PrometheusError::NoAnswer(whole(error));
        let answer = self.client.request(request).await.map_err(|error| failed(&error))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LARGEST).collect().await;
        let body = body.map_err(|error| failed(&*error))?;
        Ok((status, body.to_bytes().to_vec()))
    }
}

/// `[time, "number"]` of a scalar, or of a vector's only series.
fn number(data: &Value) -> Result<Option<f64>, PrometheusError> {
    let value = match data["resultType"].as_str().unwrap_or_default() {
        "scalar" => &data["result"][1],
        "vector" => match data["result"].as_array().map_or(&[][..], Vec::as_slice) {
            [] => return Ok(None),
            [one] => &one["value"][1],
            many => return Err(PrometheusError::Series(many.len())),
        },
        other => return Err(PrometheusError::Kind(other.to_owned())),
    };
    let number: Option<f64> = value.as_str().and_then(|text| text.parse().ok());
    Ok(number.filter(|number| !number.is_nan()))
}

/// An error and what caused it.
fn whole(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_number_is_an_answer_and_nothing_else_is() {
        let vector = |result: Value| number(&json!({"resultType": "vector", "result": result}));
        assert_eq!(vector(json!([{"metric": {}, "value": [1.5, "0.25"]}])), Ok(Some(0.25)));
        assert_eq!(vector(json!([])), Ok(None));
        assert_eq!(vector(json!([{"value": [1, "NaN"]}])), Ok(None));
        assert_eq!(
            vector(json!([{"value": [1, "1"]}, {"value": [1, "2"]}])),
            Err(PrometheusError::Series(2))
        );
        assert_eq!(number(&json!({"resultType": "scalar", "result": [1, "7"]})), Ok(Some(7.0)));
        let matrix = number(&json!({"resultType": "matrix", "result": []}));
        assert_eq!(matrix, Err(PrometheusError::Kind("matrix".to_owned())));
    }

    #[test]
    fn an_address_holds_no_password() {
        for wrong in ["prometheus:9090", "http://a:hush@b", "ftp://a", ""] {
            assert_eq!(Prometheus::new(wrong, None).unwrap_err(), PrometheusError::Address, "{wrong}");
        }
    }
}
