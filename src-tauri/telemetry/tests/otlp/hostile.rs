//! What is wrong has its answer, and what is hostile harms nobody else.

use super::*;

#[test]
fn each_wrong_request_has_its_answer() {
    let bench = Bench::new();
    let (key, good) = (bench.key(), protobuf(&trace(1)));
    let json = trace(1).to_string();
    let head = |method: &str, path: &str, more: &str| format!("{method} {path} HTTP/1.1\r\n{more}");
    let host = "host: localhost:4318\r\n";
    let typed = format!("{host}content-type: {PROTOBUF}\r\n");
    let large = vec![0; (64 << 20) + 1];
    let cases: Vec<(&str, String, &[u8], u16, i32)> = vec![
        (
            "no type",
            head("POST", "/v1/traces", &format!("{host}{key}")),
            &good,
            415,
            3,
        ),
        (
            "another type",
            head(
                "POST",
                "/v1/traces",
                &format!("{host}{key}content-type: text/plain\r\n"),
            ),
            &good,
            415,
            3,
        ),
        (
            "GET",
            head("GET", "/v1/traces", &format!("{typed}{key}")),
            b"",
            405,
            12,
        ),
        (
            "DELETE",
            head("DELETE", "/v1/logs", &format!("{typed}{key}")),
            b"",
            405,
            12,
        ),
        (
            "another path",
            head("POST", "/v1/profiles", &format!("{typed}{key}")),
            &good,
            404,
            12,
        ),
        ("no key", head("POST", "/v1/traces", &typed), &good, 401, 16),
        (
            "another key",
            head(
                "POST",
                "/v1/traces",
                &format!("{typed}x-otlp-api-key: no\r\n"),
            ),
            &good,
            401,
            16,
        ),
        (
            "no protobuf",
            head("POST", "/v1/traces", &format!("{typed}{key}")),
            b"hello",
            400,
            3,
        ),
        (
            "JSON as protobuf",
            head("POST", "/v1/traces", &format!("{typed}{key}")),
            json.as_bytes(),
            400,
            3,
        ),
        (
            "unknown encoding",
            head(
                "POST",
                "/v1/traces",
                &format!("{typed}{key}content-encoding: br\r\n"),
            ),
            &good,
            415,
            3,
        ),
        (
            "no gzip",
            head(
                "POST",
                "/v1/traces",
                &format!("{typed}{key}content-encoding: gzip\r\n"),
            ),
            &good,
            400,
            3,
        ),
        (
            "too large",
            head("POST", "/v1/traces", &format!("{typed}{key}")),
            &large,
            413,
            8,
        ),
        (
            "foreign host",
            head(
                "POST",
                "/v1/traces",
                &format!("host: evil.example\r\ncontent-type: {PROTOBUF}\r\n{key}"),
            ),
            &good,
            403,
            7,
        ),
        (
            "foreign page",
            head(
                "POST",
                "/v1/traces",
                &format!("{typed}{key}origin: https://evil.example\r\n"),
            ),
            &good,
            403,
            7,
        ),
    ];
    for (what, head, body, status, code) in cases {
        let answer = bench.raw(&head, body);
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some(PROTOBUF), "{what}");
        let said = Status::decode(&answer.body[..]).expect("a status");
        assert_eq!(said.code, code, "{what}");
        assert!(!said.message.is_empty(), "{what}");
    }
    for wrong in [
        "{",
        "[]",
        "{\"resourceSpans\":{}}",
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"kind\":\"SPAN_KIND_SERVER\"}]}]}]}",
    ] {
        let answer = bench.post("/v1/traces", JSON, "", wrong.as_bytes());
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (400, Some(JSON)),
            "{wrong}"
        );
        let said: Value = serde_json::from_slice(&answer.body).expect("JSON");
        assert!(
            said["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{said}"
        );
    }
    assert_eq!(
        bench.receiver.status().received.spans,
        0,
        "nothing of it was taken"
    );
}

#[test]
fn the_place_of_a_fault_is_named() {
    let wrong =
        json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [{ "kind": "SERVER" }] }] }] });
    let error = json::decode(wrong.to_string().as_bytes(), Signal::Traces).expect_err("a fault");
    assert!(
        error.starts_with("resourceSpans[0].scopeSpans[0].spans[0].kind must be"),
        "{error}"
    );
}

#[test]
fn bombs_are_refused_while_others_are_served() {
    let bench = Bench::new();
    let bomb = gzip(&vec![0; 200 << 20]);
    // 64 KB that would become 33 million spans.
    let spans = [0x12, 0x00].repeat(30 << 20);
    let wrap = |inner: Vec<u8>, tag: u8| {
        let mut outer = vec![tag];
        prost::encoding::encode_varint(inner.len() as u64, &mut outer);
        outer.extend(inner);
        outer
    };
    let many = gzip(&wrap(wrap(spans, 0x12), 0x0a));
    let before = most_memory();
    std::thread::scope(|scope| {
        let senders: Vec<_> = [&bomb, &many, &bomb, &many, &bomb, &many]
            .into_iter()
            .map(|body| {
                scope.spawn(|| {
                    bench
                        .post("/v1/traces", PROTOBUF, "content-encoding: gzip\r\n", body)
                        .status
                })
            })
            .collect();
        for id in 1..=20 {
            let answer = bench.post("/v1/traces", JSON, "", trace(id).to_string().as_bytes());
            assert_eq!(answer.status, 200, "a small sender is served meanwhile");
        }
        for sender in senders {
            let status = sender.join().expect("an answer");
            // Those that found no memory may come again.
            assert!(matches!(status, 413 | 503), "{status}");
        }
    });
    let grown = most_memory().saturating_sub(before);
    println!("memory grew by {} MiB", grown >> 20);
    assert!(grown < 400 << 20, "{} MiB", grown >> 20);
    assert_eq!(bench.receiver.status().received.spans, 20);
}

/// The most memory of this process so far, in bytes.
fn most_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<usize>().ok());
    kib.unwrap_or(0) << 10
}
