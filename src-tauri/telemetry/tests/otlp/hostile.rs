//! What is wrong has its answer, and what is hostile harms nobody else: bombs behind both
//! compressions, counts and depths that a few bytes ask for, in protobuf and in JSON. Those
//! that hold connections are in `many`; what a decoder does with any bytes at all is asked
//! by the fuzz targets.

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

/// A message with this one in a field; the tag has its number.
fn wrap(inner: &[u8], tag: u8) -> Vec<u8> {
    let mut outer = vec![tag];
    prost::encoding::encode_varint(inner.len() as u64, &mut outer);
    outer.extend(inner);
    outer
}

/// These as the items of one scope of one resource.
fn request_of(items: &[u8]) -> Vec<u8> {
    wrap(&wrap(items, 0x12), 0x0a)
}

/// A frame of zstd that asks for 128 MiB before its first byte.
fn wide_window() -> Vec<u8> {
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), 1).expect("memory");
    encoder.window_log(27).expect("a parameter");
    encoder.include_contentsize(false).expect("a parameter");
    encoder.write_all(&vec![0; 1 << 20]).expect("memory");
    encoder.finish().expect("memory")
}

/// A span with an attribute of values in values.
fn nested(depth: usize) -> Vec<u8> {
    let mut value = Vec::new();
    for _ in 0..depth {
        value = wrap(&wrap(&value, 0x0a), 0x2a);
    }
    request_of(&wrap(&wrap(&wrap(&value, 0x12), 0x4a), 0x12))
}

struct Bomb {
    name: &'static str,
    path: &'static str,
    kind: &'static str,
    encoding: &'static str,
    body: Vec<u8>,
    status: u16,
}

fn bombs() -> Vec<Bomb> {
    let traces = |name, kind, encoding, body, status| Bomb {
        name,
        path: "/v1/traces",
        kind,
        encoding,
        body,
        status,
    };
    let zeros = vec![0; 200 << 20];
    let many = |count: usize, item: &[u8]| gzip(&request_of(&item.repeat(count)));
    let items = format!("{{\"resourceSpans\":[{}{{}}]}}", "{},".repeat(10 << 20));
    let deep = format!("{{\"resourceSpans\":{}", "[".repeat(100_000));
    let digits = format!("{{\"resourceSpans\":[{}]}}", "1".repeat(20 << 20));
    vec![
        traces("gzip of zeros", PROTOBUF, "gzip", gzip(&zeros), 413),
        traces(
            "zstd of zeros",
            PROTOBUF,
            "zstd",
            zstd::bulk::compress(&zeros, 1).expect("memory"),
            413,
        ),
        traces("gzip of gzip", PROTOBUF, "gzip", gzip(&gzip(&zeros)), 400),
        traces("a wide window", PROTOBUF, "zstd", wide_window(), 400),
        traces(
            "spans of two bytes",
            PROTOBUF,
            "gzip",
            many(30 << 20, &[0x12, 0x00]),
            413,
        ),
        Bomb {
            path: "/v1/logs",
            ..traces(
                "records of two bytes",
                PROTOBUF,
                "gzip",
                many(30 << 20, &[0x12, 0x00]),
                413,
            )
        },
        Bomb {
            path: "/v1/metrics",
            ..traces(
                // A metric with a gauge of empty points.
                "points of two bytes",
                PROTOBUF,
                "gzip",
                gzip(&request_of(&wrap(
                    &wrap(&[0x0a, 0x00].repeat(20 << 20), 0x2a),
                    0x12,
                ))),
                413,
            )
        },
        traces("values in values", PROTOBUF, "", nested(5000), 413),
        traces(
            "a length beyond the end",
            PROTOBUF,
            "",
            vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
            400,
        ),
        traces(
            "many items of JSON",
            JSON,
            "gzip",
            gzip(items.as_bytes()),
            413,
        ),
        traces("brackets of JSON", JSON, "", deep.into_bytes(), 400),
        traces("a long number", JSON, "gzip", gzip(digits.as_bytes()), 400),
    ]
}

#[test]
fn bombs_are_refused_while_others_are_served() {
    let bench = Bench::new();
    let bombs = bombs();
    // From now on: what the bombs themselves took to make does not count. Where the kernel
    // does not let it begin anew, less is seen of what follows.
    _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = most_memory();
    std::thread::scope(|scope| {
        let twice = bombs.iter().chain(&bombs);
        let senders: Vec<_> = twice
            .map(|bomb| {
                let more = match bomb.encoding {
                    "" => String::new(),
                    name => format!("content-encoding: {name}\r\n"),
                };
                let bench = &bench;
                scope.spawn(move || {
                    let answer = bench.post(bomb.path, bomb.kind, &more, &bomb.body);
                    // Those that found no memory may come again.
                    let right = answer.status == bomb.status || answer.status == 503;
                    assert!(right, "{}: {answer:?}", bomb.name);
                })
            })
            .collect();
        for id in 1..=20 {
            let answer = bench.post("/v1/traces", JSON, "", trace(id).to_string().as_bytes());
            assert_eq!(answer.status, 200, "a small sender is served meanwhile");
        }
        for sender in senders {
            sender.join().expect("an answer");
        }
    });
    let grown = most_memory().saturating_sub(before);
    println!("memory grew by {} MiB", grown >> 20);
    assert!(grown < 400 << 20, "{} MiB", grown >> 20);
    assert_eq!(bench.receiver.status().received.spans, 20);
    // One after the other none is put off: each has its own answer.
    for bomb in &bombs {
        let more = match bomb.encoding {
            "" => String::new(),
            name => format!("content-encoding: {name}\r\n"),
        };
        let answer = bench.post(bomb.path, bomb.kind, &more, &bomb.body);
        assert_eq!(answer.status, bomb.status, "{}", bomb.name);
    }
}

/// The most memory of this process so far, in bytes.
fn most_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<usize>().ok());
    kib.unwrap_or(0) << 10
}
