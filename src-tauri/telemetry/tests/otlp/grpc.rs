//! Calls of gRPC.

use super::*;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use prost::bytes::Bytes;

/// A call of gRPC: its status, and the message of the answer.
fn call(
    bench: &Bench,
    port: u16,
    path: &str,
    more: &[(&str, &str)],
    frame: Vec<u8>,
) -> (i32, Vec<u8>) {
    let mut request = hyper::Request::post(format!("http://127.0.0.1:{port}{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    for (key, value) in more {
        request = request.header(*key, *value);
    }
    let request = request
        .body(Full::new(Bytes::from(frame)))
        .expect("a request");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a thread");
    runtime.block_on(async {
        let client = Client::builder(TokioExecutor::new())
            .http2_only(true)
            .build_http();
        let response = client.request(request).await.expect("an answer");
        assert_eq!(response.status(), 200, "{bench:p}");
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a body");
        let trailers = body.trailers().cloned().unwrap_or_default();
        let status = trailers
            .get("grpc-status")
            .or(head.headers.get("grpc-status"))
            .expect("a status");
        (
            status.to_str().expect("digits").parse().expect("a number"),
            body.to_bytes().to_vec(),
        )
    })
}

fn frame(flag: u8, message: &[u8]) -> Vec<u8> {
    let mut frame = vec![flag];
    frame.extend(u32::try_from(message.len()).expect("small").to_be_bytes());
    frame.extend(message);
    frame
}

#[test]
fn calls_of_grpc_have_their_codes_on_both_ports() {
    const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let bench = Bench::new();
    let access = bench.receiver.access().clone();
    let key = ("x-otlp-api-key", access.key.as_str());
    let good = protobuf(&trace(1));
    let gzipped = ("grpc-encoding", "gzip");
    let bomb = frame(1, &gzip(&vec![0; (64 << 20) + 1]));
    for port in [access.grpc_port, access.http_port] {
        for (what, path, more, body, code) in [
            ("plain", EXPORT, &[key][..], frame(0, &good), 0),
            ("gzip", EXPORT, &[key, gzipped], frame(1, &gzip(&good)), 0),
            ("empty", EXPORT, &[key], frame(0, b""), 0),
            ("no key", EXPORT, &[], frame(0, &good), 16),
            ("another method", "/x.Y/Z", &[key], frame(0, &good), 12),
            ("no message", EXPORT, &[key], Vec::new(), 3),
            ("no protobuf", EXPORT, &[key], frame(0, b"hello"), 3),
            (
                "another encoding",
                EXPORT,
                &[key, ("grpc-encoding", "br")],
                frame(1, &good),
                12,
            ),
            ("a bomb", EXPORT, &[key, gzipped], bomb.clone(), 8),
        ] {
            assert_eq!(
                call(&bench, port, path, more, body).0,
                code,
                "{what} at {port}"
            );
        }
    }
    let (_, answer) = call(&bench, access.grpc_port, EXPORT, &[key], frame(0, &good));
    let said = ExportTraceServiceResponse::decode(&answer[5..]).expect("a response");
    assert_eq!(said.partial_success, None);
    assert!(
        bench
            .spans
            .get(None, &format!("{:032x}", 1))
            .expect("a file")
            .is_some()
    );
}
