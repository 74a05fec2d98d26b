//! A copy of all telemetry that goes to another backend: over TLS, with headers, past a crash,
//! and what is said where the backend does not take it.

use super::wait_for_trace;
use benchtop_tests::workbench::{Workbench, sample};
use benchtop_tests::{Home, eventually};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// A backend that takes every request and tells its head in lower case. It speaks TLS where
/// it is told how.
fn backend(tls: Option<Arc<ServerConfig>>) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (told, heads) = sync_channel(1000);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (told, tls) = (told.clone(), tls.clone());
            std::thread::spawn(move || match tls {
                Some(tls) => {
                    let session = ServerConnection::new(tls).expect("a session");
                    serve(StreamOwned::new(session, stream), &told);
                }
                None => serve(stream, &told),
            });
        }
    });
    (port, heads)
}

fn serve(mut stream: impl Read + Write, told: &SyncSender<String>) {
    let mut bytes = Vec::new();
    let mut chunk = [0; 16 << 10];
    while let Ok(read @ 1..) = stream.read(&mut chunk) {
        bytes.extend_from_slice(&chunk[..read]);
        let head = bytes.windows(4).position(|part| part == b"\r\n\r\n");
        let Some(end) = head else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.and_then(|digits| digits.parse().ok()).unwrap_or(0);
        if bytes.len() < end + 4 + length {
            continue;
        }
        bytes.drain(..end + 4 + length);
        // The test may be over, or have seen enough.
        _ = told.try_send(head);
        if stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .is_err()
        {
            return;
        }
    }
}

fn is_traces(head: &str) -> bool {
    head.starts_with("post /v1/traces ")
}

/// What `telemetry status --json` says of it.
fn forward(bench: &Workbench) -> Value {
    let printed = bench.call("telemetry", &["status", "--json"]).expect(0);
    let status: Value = serde_json::from_str(&printed.stdout).expect("JSON");
    status["forward"].clone()
}

/// An authority as a file, and what a server at `localhost` with its certificate needs.
fn certificate() -> (String, Arc<ServerConfig>) {
    // A second installation is refused, and that is fine.
    _ = rustls::crypto::ring::default_provider().install_default();
    let mut authority = CertificateParams::new(Vec::<String>::new()).expect("names");
    authority
        .distinguished_name
        .push(DnType::CommonName, "authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().expect("a key");
    let pem = authority.self_signed(&authority_key).expect("signed").pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().expect("a key");
    let server = CertificateParams::new(vec!["localhost".to_owned()]).expect("names");
    let server = server.signed_by(&key, &issuer).expect("signed");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![server.der().clone()], key)
        .expect("a certificate of this key");
    (pem, Arc::new(config))
}

#[test]
fn a_copy_goes_over_tls_with_its_headers_and_only_to_whom_is_trusted() {
    let (authority, trusted) = certificate();
    let (_, unknown) = certificate();
    let mut bench = Workbench::new(&format!(
        "{}{}",
        sample("one", "    references: [two]\n"),
        sample("two", "")
    ));
    bench.project.write("authority.pem", &authority);
    let file = bench.project.path().join("authority.pem");
    bench.home = Home::new().with("SSL_CERT_FILE", file.display().to_string());
    let (port, heads) = backend(Some(trusted));
    let (other, nothing) = backend(Some(unknown));
    let refused = bench
        .call("telemetry", &["forward", "https://x", "-H", "s3cret"])
        .expect(2);
    assert!(!refused.stderr.contains("s3cret"), "{}", refused.stderr);
    let address = format!("https://localhost:{port}");
    let given = [
        "forward",
        &address,
        "-H",
        "x-team: blue",
        "-H",
        "authorization: Bearer s3cret",
    ];
    bench.call("telemetry", &given).expect(0);
    bench.up().expect(0);
    let head = std::iter::from_fn(|| heads.recv().ok())
        .find(|head| is_traces(head))
        .expect("spans");
    assert!(head.contains("\nauthorization: bearer s3cret"), "{head}");
    assert!(head.contains("\nx-team: blue"), "{head}");
    assert!(
        head.contains("\ncontent-type: application/x-protobuf"),
        "{head}"
    );
    let status = forward(&bench);
    assert_eq!(status["headers"], json!(["x-team", "authorization"]));
    assert!(!status.to_string().contains("s3cret"), "{status}");
    // The headers hold past a crash.
    bench.home.kill_engine();
    _ = bench.status();
    while heads.try_recv().is_ok() {}
    let head = heads.recv().expect("a request of the next engine");
    assert!(head.contains("bearer s3cret"), "{head}");
    let address = format!("https://localhost:{other}");
    bench.call("telemetry", &["forward", &address]).expect(0);
    eventually("that the certificate is not trusted is said", || {
        let status = forward(&bench);
        match status["problem"].as_str() {
            Some(problem) if problem.contains("certificate") => Ok(()),
            _ => Err(status.to_string()),
        }
    });
    assert!(
        nothing.try_recv().is_err(),
        "nothing was sent to a stranger"
    );
    assert_eq!(forward(&bench)["headers"], json!([]));
}

#[test]
fn a_copy_goes_to_another_backend_also_after_a_crash() {
    let bench = Workbench::new(&format!(
        "{}{}",
        sample("one", "    references: [two]\n"),
        sample("two", "")
    ));
    let status = || -> Value {
        let printed = bench.call("telemetry", &["status", "--json"]).expect(0);
        serde_json::from_str(&printed.stdout).expect("JSON")
    };
    assert_eq!(status()["forward"], Value::Null);
    let wrong = bench.call("telemetry", &["forward", "ftp://x"]).expect(2);
    assert!(
        wrong.stderr.contains("http://HOST:PORT"),
        "{}",
        wrong.stderr
    );
    let (port, heads) = backend(None);
    let address = format!("http://127.0.0.1:{port}");
    bench.call("telemetry", &["forward", &address]).expect(0);
    bench.up().expect(0);
    while !is_traces(&heads.recv().expect("a request")) {}
    eventually("what was taken is counted", || {
        let now = status();
        let forward = &now["forward"];
        if forward["sent"].as_u64() > Some(0) && forward["address"] == *address {
            Ok(())
        } else {
            Err(now.to_string())
        }
    });
    bench.home.kill_engine();
    _ = bench.status();
    while heads.try_recv().is_ok() {}
    heads.recv().expect("a request to the next engine, too");
    // Nobody listens there: it is said, and what finds no room is counted.
    bench
        .call("telemetry", &["forward", "http://127.0.0.1:1"])
        .expect(0);
    eventually("that nobody takes it is said", || {
        let text = bench.call("telemetry", &["status"]).expect(0).stdout;
        if text.contains("does not take it now") {
            Ok(())
        } else {
            Err(text)
        }
    });
    wait_for_trace(&bench, "service=one");
    bench.call("telemetry", &["forward", "off"]).expect(0);
    assert_eq!(status()["forward"], Value::Null);
}
