//! Senders that hold connections: many of them, and slow ones.

use super::*;
use std::time::Duration;

fn connect(bench: &Bench) -> TcpStream {
    let port = bench.receiver.access().http_port;
    TcpStream::connect(("127.0.0.1", port)).expect("a connection")
}

/// What comes until the other side closes.
fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // It may be reset, too.
    _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One answer of a connection that stays open.
fn whole(stream: &mut TcpStream) -> String {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut chunk).expect("an answer");
        assert!(read > 0, "it was closed");
        bytes.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |digits| digits.parse().expect("a length")) {
            return String::from_utf8_lossy(&bytes).into_owned();
        }
    }
}

#[test]
fn connections_of_strangers_give_way_to_senders() {
    let bench = Bench::with(Connections {
        most: 16,
        ..Connections::default()
    });
    // They say nothing, and stay.
    let strangers: Vec<TcpStream> = (0..64).map(|_| connect(&bench)).collect();
    for id in 1..=30 {
        let answer = bench.post("/v1/traces", JSON, "", trace(id).to_string().as_bytes());
        assert_eq!(answer.status, 200);
    }
    assert_eq!(bench.receiver.status().received.spans, 30);
    let mut first = &strangers[0];
    let closed = first.read(&mut [0; 1]);
    assert!(matches!(closed, Ok(0) | Err(_)), "the oldest was closed");
}

#[test]
fn a_sender_keeps_its_connection_while_strangers_come() {
    let bench = Bench::with(Connections {
        most: 4,
        ..Connections::default()
    });
    let body = trace(1).to_string();
    let request = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: {JSON}\r\n{}content-length: {}\r\n\r\n{body}",
        bench.key(),
        body.len()
    );
    let mut sender = connect(&bench);
    let ask = |sender: &mut TcpStream| {
        sender.write_all(request.as_bytes()).expect("sent");
        let head = whole(sender);
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    };
    ask(&mut sender);
    let _strangers: Vec<TcpStream> = (0..40).map(|_| connect(&bench)).collect();
    // A new sender is served after them all were accepted.
    let answer = bench.post("/v1/traces", JSON, "", trace(2).to_string().as_bytes());
    assert_eq!(answer.status, 200);
    ask(&mut sender);
}

#[test]
fn slow_senders_are_cut_off_while_others_are_served() {
    let bench = Bench::with(Connections {
        head: Duration::from_secs(2),
        body: Duration::from_secs(2),
        ..Connections::default()
    });
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: {PROTOBUF}\r\n{}",
        bench.key()
    );
    let begun = |text: &str| {
        let mut stream = connect(&bench);
        stream.write_all(text.as_bytes()).expect("sent");
        stream
    };
    // A head without an end, a body without an end, and one that promises far too much.
    let mut endless_head: Vec<TcpStream> = (0..20).map(|_| begun(&head)).collect();
    let mut endless_body: Vec<TcpStream> = (0..20)
        .map(|_| begun(&format!("{head}content-length: 100\r\n\r\nx")))
        .collect();
    let promise = format!("{head}content-length: 99999999999999\r\n\r\nx");
    endless_body.push(begun(&promise));
    // Nothing at all, and half of what HTTP/2 begins with.
    let mut silent = [begun(""), begun("PRI * HT")];
    for id in 1..=20 {
        let answer = bench.post("/v1/traces", JSON, "", trace(id).to_string().as_bytes());
        assert_eq!(answer.status, 200, "others are served meanwhile");
    }
    for stream in &mut endless_head {
        assert!(!rest(stream).contains("200 OK"));
    }
    for stream in &mut endless_body {
        let said = rest(stream);
        assert!(said.starts_with("HTTP/1.1 408"), "{said}");
    }
    for stream in &mut silent {
        assert_eq!(rest(stream), "");
    }
    assert_eq!(bench.receiver.status().received.spans, 20);
}

#[test]
fn a_head_without_measure_is_refused() {
    let bench = Bench::new();
    let long = format!("x-long: {}\r\n", "x".repeat(1 << 20));
    let many: String = (0..2000).map(|n| format!("x-{n}: y\r\n")).collect();
    for more in [long, many] {
        let mut stream = connect(&bench);
        let head = format!("POST /v1/traces HTTP/1.1\r\nhost: localhost\r\n{more}\r\n");
        // It may be closed before all was sent.
        _ = stream.write_all(head.as_bytes());
        let said = rest(&mut stream);
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{said}");
    }
    let answer = bench.post("/v1/traces", JSON, "", trace(1).to_string().as_bytes());
    assert_eq!(answer.status, 200);
}
