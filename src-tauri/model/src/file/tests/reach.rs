//! How a service is reached: endpoints and ports.

use super::*;
use crate::plan::{Endpoint, HostPort, Protocol};

/// `name=scheme host:port>target` of each endpoint.
fn shown(endpoints: &[Endpoint]) -> Vec<String> {
    let show = |e: &Endpoint| {
        let port = match e.port {
            HostPort::Fixed(port) => port.to_string(),
            HostPort::Auto => "auto".to_owned(),
        };
        let host = e
            .host
            .as_ref()
            .map(|host| format!("{host}:"))
            .unwrap_or_default();
        let target = e.target.map(|port| format!(">{port}")).unwrap_or_default();
        let udp = if e.protocol == Protocol::Udp {
            "/udp"
        } else {
            ""
        };
        format!("{}={} {host}{port}{target}{udp}", e.name, e.scheme)
    };
    endpoints.iter().map(show).collect()
}

#[test]
fn endpoints_have_short_and_long_forms() {
    let table: [(&str, &[&str]); 7] = [
        (
            "image: x, endpoints: {http: 8080}",
            &["http=http 8080>8080"],
        ),
        (
            "image: x, endpoints: {amqp: {port: auto, target: 5672}, ui: {target: 80, scheme: HTTP}}",
            &["amqp=amqp auto>5672", "ui=http auto>80"],
        ),
        (
            "image: x, endpoints: {z: {port: 1, target: 2, host: 127.0.0.2}, a: 3}",
            &["z=tcp 127.0.0.2:1>2", "a=tcp 3>3"],
        ),
        (
            "process: x, endpoints: {http: auto, http-admin: 9}",
            &["http=http auto", "http-admin=http 9"],
        ),
        ("process: x, endpoints: {tcp: {}}", &["tcp=tcp auto"]),
        (
            "external: true, endpoints: {tcp: {host: db.example, port: 5432}}",
            &["tcp=tcp db.example:5432"],
        ),
        (
            "external: true, endpoints: {tcp: {host: '[::1]', port: 1}}",
            &["tcp=tcp ::1:1"],
        ),
    ];
    for (keys, expected) in table {
        assert_eq!(shown(&service(keys).endpoints), expected, "{keys}");
    }
}

#[test]
fn published_ports_become_endpoints_with_guessed_names() {
    let table: [(&str, &[&str]); 8] = [
        (
            "['8080:80', '443:443', 5672]",
            &[
                "http=http 8080>80",
                "https=https 443>443",
                "amqp=amqp auto>5672",
            ],
        ),
        (
            "['1:80', '2:8080', '3:80']",
            &[
                "http=http 1>80",
                "http-8080=http 2>8080",
                "http-80=http 3>80",
            ],
        ),
        (
            "['1:80', '2:80', '3:80']",
            &["http=http 1>80", "http-80=http 2>80", "http-80-2=http 3>80"],
        ),
        (
            "['53:53', '53:53/udp']",
            &["tcp=tcp 53>53", "udp=udp 53>53/udp"],
        ),
        ("['7000-7001:1-2']", &["tcp=tcp 7000>1", "tcp-2=tcp 7001>2"]),
        ("['80:80', '80:80']", &["http=http 80>80"]),
        (
            "[{target: 80, published: '81', host_ip: 127.0.0.1, name: web, app_protocol: grpc, mode: host}]",
            &["web=grpc 127.0.0.1:81>80"],
        ),
        (
            "[{target: 5432, protocol: udp}]",
            &["udp=udp auto>5432/udp"],
        ),
    ];
    for (ports, expected) in table {
        let endpoints = service(&format!("image: x, ports: {ports}")).endpoints;
        assert_eq!(shown(&endpoints), expected, "{ports}");
    }
}

#[test]
fn an_endpoint_stands_for_the_port_that_it_names() {
    let keys = "image: x, endpoints: {web: {port: 8080, target: 80}}, ports: ['8080:80', '81:81']";
    assert_eq!(
        shown(&service(keys).endpoints),
        ["web=tcp 8080>80", "tcp=tcp 81>81"]
    );
}

#[test]
fn two_services_may_share_a_port_on_different_addresses_or_protocols() {
    let two = |a: &str, b: &str| {
        format!("services:\n  a: {{image: x, ports: ['{a}']}}\n  b: {{image: x, ports: ['{b}']}}\n")
    };
    for (a, b) in [
        ("127.0.0.1:1:1", "127.0.0.2:1:1"),
        ("1:1", "1:1/udp"),
        ("1:1", "2:1"),
        ("1", "1"),
    ] {
        assert_eq!(
            said(&two(a, b), Severity::Error),
            Vec::<String>::new(),
            "{a} {b}"
        );
    }
    for (a, b) in [
        ("1:1", "1:2"),
        ("127.0.0.1:1:1", "1:1"),
        ("1:1", "127.0.0.1:1:1"),
        ("0.0.0.0:1:1", "[::1]:1:1"),
    ] {
        assert_eq!(said(&two(a, b), Severity::Error).len(), 1, "{a} {b}");
    }
}
