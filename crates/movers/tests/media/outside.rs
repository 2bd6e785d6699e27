//! Addresses fetched from outside.

use movers::media::fetch;
use server::serve;

mod server {
    //! A web server of a few lines: one answer per path.

    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;

    /// Serves until the test ends; `answer` gets the path and tells status line with headers, and body.
    pub(super) fn serve(answer: impl Fn(&str) -> (String, &'static [u8]) + Send + 'static) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("bound"));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
                let path =
                    lines.next().and_then(|it| it.split(' ').nth(1).map(str::to_owned)).unwrap_or_default();
                while lines.next().is_some_and(|it| !it.is_empty()) {}
                let (head, body) = answer(&path);
                let head =
                    format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
                let _client_gone = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
            }
        });
        base
    }
}

#[tokio::test]
async fn a_redirection_is_followed_and_what_came_is_hashed() {
    let new = serve(|path| match path {
        "/%E3%81%AD%E3%81%93%20a.png" => ("200 OK\r\ncontent-type: image/png".to_owned(), b"cat"),
        _ => ("404 Not Found".to_owned(), b"nothing"),
    });
    let to = new.clone();
    let old = serve(move |path| match path.strip_prefix("/system") {
        Some(rest) => (format!("301 Moved Permanently\r\nlocation: {to}{rest}"), b""),
        None => ("404 Not Found".to_owned(), b""),
    });
    let seen = fetch(&format!("{old}/system/"), "ねこ a.png").await.expect("an address");
    assert_eq!((seen.status, seen.content_type.as_deref()), (Some(200), Some("image/png")), "{seen:?}");
    assert_eq!(seen.led_to, Some(format!("{new}/%E3%81%AD%E3%81%93%20a.png")));
    let hash = seen.hash.expect("it came");
    assert!(hash.starts_with("77af778b"), "the SHA-256 of what came: {hash}");
    let lost = fetch(&format!("{old}/system"), "gone.png").await.expect("an address");
    assert_eq!((lost.status, lost.hash), (Some(404), None));
    let nobody = fetch("http://127.0.0.1:9", "a.png").await.expect("an address");
    assert!(nobody.status.is_none() && nobody.reason.is_some());
    assert!(fetch("nonsense", "a.png").await.is_err());
}
