//! TLS as a browser speaks it: the machine's certificates are trusted, and no others (`SSL_CERT_FILE` names a file of them).

use std::sync::{Arc, LazyLock};

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::failure::FailureKind;

/// A connection by TLS.
pub(crate) type Secured = Box<TlsStream<TcpStream>>;

static CONNECTOR: LazyLock<Option<TlsConnector>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    for certificate in rustls_native_certs::load_native_certs().certs {
        // One that cannot be read is one that nothing is trusted by.
        let _ = roots.add(certificate);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().ok()?;
    Some(TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
});

/// Agrees with the server on TLS.
pub(crate) async fn secure(stream: TcpStream, name: &str) -> Result<Secured, FailureKind> {
    let connector = CONNECTOR.as_ref().ok_or(FailureKind::Tls)?;
    let name = ServerName::try_from(name.to_owned()).map_err(|_| FailureKind::Tls)?;
    let secured = connector.connect(name, stream).await.map_err(|_| FailureKind::Tls)?;
    Ok(Box::new(secured))
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn who_does_not_speak_tls_is_told_as_such() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        });
        let stream = TcpStream::connect(address).await.unwrap();
        assert!(matches!(secure(stream, "mastodon.example").await, Err(FailureKind::Tls)));
    }
}
