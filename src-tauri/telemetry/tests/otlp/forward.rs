//! A copy to another backend that is ill: what it does not take is counted, and why is said.

use super::*;
use benchtop_telemetry::otlp::destination::Destination;
use benchtop_telemetry::otlp::status::ForwardStatus;
use std::net::TcpListener;
use std::time::{Duration, Instant};

impl Bench {
    fn forward_to(&self, port: u16) {
        let _inside = self.runtime.enter();
        let address = format!("http://127.0.0.1:{port}");
        let destination = Destination::new(&address, ["x-key: s3cret"]).expect("an address");
        self.receiver
            .forward_to(Some(destination))
            .expect("a client");
    }

    fn forward(&self) -> ForwardStatus {
        self.receiver.status().forward.expect("it is on")
    }

    /// The status once this holds of it.
    fn forward_when(&self, holds: impl Fn(&ForwardStatus) -> bool) -> ForwardStatus {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let now = self.forward();
            if holds(&now) {
                return now;
            }
            assert!(Instant::now() < end, "{now:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn send(&self, body: &Value) {
        let answer = self.post("/v1/traces", JSON, "", body.to_string().as_bytes());
        assert_eq!(
            answer.status, 200,
            "it is taken here whatever becomes of the copy"
        );
    }
}

/// A backend that answers each request with the next of these, one on each connection.
fn answers(all: Vec<u16>) -> (u16, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (told, heads) = std::sync::mpsc::sync_channel(16);
    std::thread::spawn(move || {
        for (code, stream) in all.into_iter().zip(listener.incoming()) {
            let mut stream = stream.expect("a connection");
            let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
            // Small requests come with their body.
            while !bytes.windows(4).any(|four| four == b"\r\n\r\n") {
                let read = stream.read(&mut chunk).expect("a head");
                bytes.extend_from_slice(&chunk[..read]);
            }
            let text =
                format!("HTTP/1.1 {code} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(text.as_bytes()).expect("sent");
            // The test may be over.
            _ = told.send(String::from_utf8_lossy(&bytes).into_owned());
            // Reads to the end, so that no answer is lost to a reset.
            while stream.read(&mut chunk).is_ok_and(|read| read > 0) {}
        }
    });
    (port, heads)
}

#[test]
fn what_another_backend_refuses_is_dropped_and_said_and_what_it_puts_off_is_sent_again() {
    let bench = Bench::new();
    let (port, heads) = answers(vec![401, 404, 503, 200, 200]);
    bench.forward_to(port);
    bench.send(&trace(1));
    let refused = bench.forward_when(|now| now.dropped == 1);
    let said = refused.problem.unwrap_or_default();
    assert!(said.contains("401") && said.contains("headers"), "{said}");
    assert!(refused.failing && refused.sent == 0);
    bench.send(&trace(2));
    let refused = bench.forward_when(|now| now.dropped == 2);
    assert!(refused.problem.unwrap_or_default().contains("404"));
    // 503 is asked again.
    bench.send(&trace(3));
    let taken = bench.forward_when(|now| now.sent == 1);
    assert_eq!(
        (taken.dropped, taken.failing, taken.problem),
        (2, false, None)
    );
    bench.send(&trace(4));
    let taken = bench.forward_when(|now| now.sent == 2);
    assert_eq!((taken.dropped, taken.waiting), (2, 0));
    let heads: Vec<String> = heads.try_iter().collect();
    assert!(heads.len() >= 4, "{}", heads.len());
    for head in heads {
        assert!(head.contains("x-key: s3cret"), "{head}");
    }
}

#[test]
fn a_backend_that_never_answers_costs_bounded_memory_and_what_finds_no_room_is_counted() {
    let bench = Bench::new();
    // Connections are accepted by the kernel, and nobody reads.
    let silent = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    bench.forward_to(silent.local_addr().expect("an address").port());
    let mut large = trace(1);
    let text = "x".repeat(9 << 20);
    large["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"] =
        json!([{ "key": "text", "value": { "stringValue": text } }]);
    for _ in 0..5 {
        bench.send(&large);
    }
    // 32 MiB are kept for it: three of these.
    let now = bench.forward();
    assert_eq!((now.sent, now.dropped), (0, 2), "{now:?}");
    assert!(now.waiting <= 3, "{now:?}");
    assert_eq!(bench.receiver.status().received.spans, 5);
}
