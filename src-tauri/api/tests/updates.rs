//! Asking for a newer release: only what is signed counts, whatever the place answers.

use benchtop_api::update::Channel;
use minisign::KeyPair;
use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

const MANIFEST: &str = r#"{"version": "9.1.0", "page": "https://example.com/9.1.0"}"#;

/// Long enough on a busy machine for all that answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// Serves files by their path to everybody who asks; an empty one is never answered.
fn serve(files: BTreeMap<&'static str, Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut asked = [0; 4096];
            let read = stream.read(&mut asked).unwrap_or(0);
            let asked = String::from_utf8_lossy(&asked[..read]).into_owned();
            let path = asked.split(' ').nth(1).unwrap_or_default().to_owned();
            let (status, body) = match files.get(path.as_str()) {
                Some(body) if body.is_empty() => {
                    held.push(stream);
                    continue;
                }
                Some(body) => ("200 OK", body.as_slice()),
                None => ("404 Not Found", &b""[..]),
            };
            let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n\r\n");
            // Who has read enough goes away.
            _ = stream.write_all(head.as_bytes());
            _ = stream.write_all(body);
        }
    });
    format!("http://{address}/newest.json")
}

fn sign(pair: &KeyPair, data: &[u8]) -> Vec<u8> {
    let signed = minisign::sign(None, &pair.sk, Cursor::new(data), None, None);
    signed.expect("a signature").into_string().into_bytes()
}

/// What is said of a manifest and a signature that are served.
async fn told(pair: &KeyPair, manifest: &[u8], signature: Vec<u8>) -> Result<String, String> {
    let files = [
        ("/newest.json", manifest.to_vec()),
        ("/newest.json.minisig", signature),
    ];
    let channel = Channel {
        address: serve(files.into()),
        key: pair.pk.to_base64(),
    };
    let newest = channel.newest(PATIENCE).await;
    newest.map(|release| format!("{} {}", release.version, release.page))
}

fn pair() -> KeyPair {
    KeyPair::generate_unencrypted_keypair().expect("keys")
}

#[tokio::test]
async fn what_is_signed_is_told() {
    let pair = pair();
    let signature = sign(&pair, MANIFEST.as_bytes());
    let told = told(&pair, MANIFEST.as_bytes(), signature).await;
    assert_eq!(told.as_deref(), Ok("9.1.0 https://example.com/9.1.0"));
}

#[tokio::test]
async fn what_is_not_signed_by_the_makers_is_refused() {
    let (ours, theirs) = (pair(), pair());
    let manifest = MANIFEST.as_bytes();
    let why = told(&ours, manifest, sign(&theirs, manifest)).await;
    assert!(
        why.as_ref().is_err_and(|why| why.contains("does not fit")),
        "{why:?}"
    );
    let why = told(&ours, b"{\"version\": \"9.2.0\"}", sign(&ours, manifest)).await;
    assert!(
        why.as_ref().is_err_and(|why| why.contains("does not fit")),
        "{why:?}"
    );
    let why = told(&ours, manifest, b"no signature".to_vec()).await;
    assert!(
        why.as_ref().is_err_and(|why| why.contains("unreadable")),
        "{why:?}"
    );
    let why = told(&ours, b"not JSON", sign(&ours, b"not JSON")).await;
    assert!(
        why.as_ref().is_err_and(|why| why.contains("manifest")),
        "{why:?}"
    );
}

#[tokio::test]
async fn no_answer_and_too_much_of_it_end() {
    let pair = pair();
    let much = vec![b' '; 10_000_000];
    let why = told(&pair, &much, Vec::new()).await;
    assert!(
        why.as_ref().is_err_and(|why| why.contains("longer than")),
        "{why:?}"
    );
    let address = serve([("/newest.json", Vec::new())].into());
    let key = pair.pk.to_base64();
    let silent = Channel { address, key };
    let why = silent.newest(Duration::from_millis(300)).await;
    assert!(
        why.as_ref().is_err_and(|why| why.contains("no answer")),
        "{why:?}"
    );
    let missing = Channel {
        address: serve(BTreeMap::new()),
        ..silent
    };
    let why = missing.newest(PATIENCE).await;
    assert!(
        why.as_ref().is_err_and(|why| why.contains("404")),
        "{why:?}"
    );
}
