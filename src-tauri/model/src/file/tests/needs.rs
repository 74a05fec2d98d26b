//! What a service needs, and how its health is proven.

use super::*;
use crate::plan::{Condition, Run};
use crate::probe::{BodyRule, LinePattern, ProbeKind};
use crate::product::Login;
use crate::time::Millis;

/// `name condition required restart` of each dependency.
fn dependencies(keys: &str) -> Vec<String> {
    let service = service(&format!("image: x, {keys}"));
    let show = |(name, d): (&String, &crate::plan::Dependency)| {
        format!("{name} {:?} {} {}", d.condition, d.required, d.restart)
    };
    service.depends_on.iter().map(show).collect()
}

#[test]
fn dependencies_and_references_are_one_list() {
    let table = [
        ("depends_on: [db]", "db Started true false"),
        ("depends_on: db", "db Started true false"),
        (
            "depends_on: {db: {condition: service_healthy, required: false, restart: true}}",
            "db Healthy false true",
        ),
        (
            "depends_on: {db: {condition: completed_successfully}}",
            "db CompletedSuccessfully true false",
        ),
        ("depends_on: {db: healthy}", "db Healthy true false"),
        ("references: [db]", "db Healthy true false"),
        ("references: {db: started}", "db Started true false"),
        ("references: {db: }", "db Healthy true false"),
        (
            "depends_on: [db], references: [db]",
            "db Healthy true false",
        ),
        (
            "depends_on: {db: {condition: service_started, restart: true}}, references: [db]",
            "db Started true true",
        ),
        (
            "depends_on: {db: {condition: service_started}}, references: {db: healthy}",
            "db Healthy true false",
        ),
    ];
    for (keys, expected) in table {
        assert_eq!(dependencies(keys), [expected], "{keys}");
    }
    assert_eq!(service("image: x, references: [db, db]").references, ["db"]);
    assert_eq!(
        service("image: x, depends_on: [db]").references,
        Vec::<String>::new()
    );
}

#[test]
fn a_dependency_that_is_not_required_may_be_missing_or_off() {
    let text = "
services:
  a:
    image: x
    depends_on:
      no: {condition: service_started, required: false}
      off: {condition: service_started, required: false}
  off: {image: x, profiles: [p]}
";
    assert!(plan(text).services["a"].depends_on.is_empty());
    assert_eq!(
        said(text, Severity::Warning),
        ["service `a` depends on `no`, which does not exist"]
    );
    let with_profile = plan_with(text, &[], &["p"]);
    assert_eq!(
        with_profile.services["a"].depends_on["off"].condition,
        Condition::Started
    );
}

#[test]
fn profiles_choose_the_services() {
    let text = "
services:
  a: {image: x}
  b: {image: x, profiles: [dev, test]}
  c: {image: x, profiles: [other]}
";
    let names = |profiles: &[&str]| {
        plan_with(text, &[], profiles)
            .services
            .into_keys()
            .collect::<String>()
    };
    assert_eq!(names(&[]), "a");
    assert_eq!(names(&["test"]), "ab");
    assert_eq!(names(&["*"]), "abc");
}

#[test]
fn probes_have_kinds_and_fields() {
    let keys = "image: x, ports: ['80:80'], probes: {
        startup: {http: /s, timeout: 60s},
        live: {tcp: http, interval: 1m30s, failure_threshold: 5, success_threshold: 2},
        ready: {exec: pg_isready -U me, timeout: 500ms, initial_delay: 2}}";
    let probes = service(keys).probes;
    let startup = probes.startup.expect("startup");
    let http = |endpoint: Option<&str>, path: &str, status| ProbeKind::Http {
        endpoint: endpoint.map(str::to_owned),
        path: path.into(),
        status,
        body: None,
    };
    assert_eq!(startup.kind, http(None, "/s", None));
    assert_eq!(
        (startup.timeout, startup.deadline),
        (Millis(5_000), Millis(60_000))
    );
    let live = probes.live.expect("live");
    assert_eq!(
        live.kind,
        ProbeKind::Tcp {
            endpoint: Some("http".into())
        }
    );
    assert_eq!(
        (
            live.interval,
            live.failure_threshold,
            live.success_threshold
        ),
        (Millis(90_000), 5, 2)
    );
    let ready = probes.ready.expect("ready");
    assert_eq!(
        ready.kind,
        ProbeKind::Exec {
            command: ["pg_isready", "-U", "me"].map(str::to_owned).into()
        }
    );
    assert_eq!(
        (ready.timeout, ready.initial_delay),
        (Millis(500), Millis(2_000))
    );
    let kind = |probe: &str| {
        let service = service(&format!(
            "image: x, ports: ['80:80'], probes: {{ready: {probe}}}"
        ));
        service.probes.ready.expect("ready").kind
    };
    assert_eq!(
        kind("{http: {path: /h, endpoint: http, status: 204}}"),
        http(Some("http"), "/h", Some(204))
    );
    assert_eq!(kind("{http: true}"), http(None, "/", None));
    assert_eq!(
        kind("{tcp: {endpoint: http}}"),
        ProbeKind::Tcp {
            endpoint: Some("http".into())
        }
    );
    assert_eq!(kind("{tcp: true}"), ProbeKind::Tcp { endpoint: None });
    assert_eq!(kind("{container: {}}"), ProbeKind::Container);
}

#[test]
fn servers_are_asked_in_their_own_language() {
    let kind = |endpoints: &str, probe: &str| {
        let text = format!("image: x, endpoints: {endpoints}, probes: {{ready: {probe}}}");
        service(&text).probes.ready.expect("ready").kind
    };
    let at = |name: &str| Some(name.to_owned());
    let both = "{management: {port: 15672, scheme: http}, amqp: 5672}";
    for probe in [
        "amqp",
        "{amqp: true}",
        "{amqp: {}}",
        "{amqp: amqp}",
        "{amqp: }",
    ] {
        let expected = ProbeKind::Amqp {
            endpoint: at("amqp"),
            login: Login::default(),
        };
        assert_eq!(kind(both, probe), expected, "{probe}");
    }
    assert_eq!(
        kind(
            "{main: {port: 15432, target: 5432}}",
            "{postgres: {user: me, password: p, database: d}}"
        ),
        ProbeKind::Postgres {
            endpoint: at("main"),
            login: Login {
                user: at("me"),
                password: at("p"),
                database: at("d"),
            },
        }
    );
    assert_eq!(
        kind("{rpc: 6123, http: 8081}", "{flink: {min_task_managers: 2}}"),
        ProbeKind::Flink {
            endpoint: at("http"),
            min_task_managers: Some(2),
            min_slots: None,
        }
    );
    assert_eq!(
        kind("{otlp: 4317, health: 13133}", "otel-collector"),
        ProbeKind::OtelCollector {
            endpoint: at("health")
        }
    );
    assert_eq!(kind("{a: 1}", "tcp"), ProbeKind::Tcp { endpoint: None });
}

#[test]
fn brokers_calls_and_workflows_are_asked_for_more_than_an_answer() {
    let kind = |probe: &str| {
        let endpoints = "{a: 1, kafka: 9092, sql: {port: auto, target: 3306}, grpc: 7233}";
        let text = format!("image: x, endpoints: {endpoints}, probes: {{ready: {probe}}}");
        service(&text).probes.ready.expect("ready").kind
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        kind("{kafka: {min_brokers: 3, topic: orders, user: me, password: p}}"),
        ProbeKind::Kafka {
            endpoint: text("kafka"),
            login: Login {
                user: text("me"),
                password: text("p"),
                database: None,
            },
            min_brokers: Some(3),
            topic: text("orders"),
        }
    );
    assert_eq!(
        kind("mysql"),
        ProbeKind::Mysql {
            endpoint: text("sql"),
            login: Login::default(),
        }
    );
    assert_eq!(
        kind("{grpc: {service: shop.Orders}}"),
        ProbeKind::Grpc {
            endpoint: text("grpc"),
            service: text("shop.Orders"),
        }
    );
    assert_eq!(
        kind("{temporal: {namespace: default}}"),
        ProbeKind::Temporal {
            endpoint: text("grpc"),
            namespace: text("default"),
        }
    );
}

#[test]
fn a_body_and_a_line_are_waited_for() {
    let kind = |probe: &str| {
        let text = format!("image: x, endpoints: {{http: 80}}, probes: {{ready: {probe}}}");
        service(&text).probes.ready.expect("ready").kind
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        kind("{http: {path: /h, body: {path: checks.0.status, equals: UP}}}"),
        ProbeKind::Http {
            endpoint: None,
            path: "/h".into(),
            status: None,
            body: Some(BodyRule {
                path: text("checks.0.status"),
                equals: text("UP"),
                contains: None,
            }),
        }
    );
    for (written, expected) in [
        ("{log: Started}", LinePattern::Text("Started".into())),
        (
            "{log: {text: 'ready: 1'}}",
            LinePattern::Text("ready: 1".into()),
        ),
        (
            "{log: {regex: 'in [0-9]+ ms'}}",
            LinePattern::Regex("in [0-9]+ ms".into()),
        ),
    ] {
        assert_eq!(kind(written), ProbeKind::Log { line: expected });
    }
}

#[test]
fn a_known_image_has_a_probe_of_its_own() {
    for (image, port, word) in [
        ("apache/kafka:4.1.1", 9092, "kafka"),
        ("confluentinc/cp-kafka:7.6.0", 9092, "kafka"),
        ("bitnami/kafka", 9092, "kafka"),
        ("mysql:8", 3306, "mysql"),
        ("bitnami/mariadb:11", 3306, "mysql"),
        ("temporalio/auto-setup:1.29.1", 7233, "temporal"),
        ("temporalio/server", 7233, "temporal"),
    ] {
        let ready = service(&format!(
            "image: '{image}', endpoints: {{a: 1, main: {port}}}"
        ))
        .probes
        .ready
        .expect(image);
        assert!(ready.default, "{image}");
        assert_eq!(ready.kind.word(), word, "{image}");
        assert_eq!(ready.kind.endpoint(), Some("main"), "{image}");
    }
    for image in [
        "temporalio/ui",
        "temporalio/admin-tools",
        "provectuslabs/kafka-ui",
        "minio/server",
        "flink:2.2.1",
    ] {
        let probes = service(&format!("image: '{image}', endpoints: {{http: 9249}}")).probes;
        assert_eq!(probes.ready, None, "{image}");
    }
}

#[test]
fn a_known_image_is_asked_where_nobody_said_how() {
    let ready = |text: &str| service(text).probes.ready;
    for (image, word) in [
        ("benchtop-test/postgres:15", "postgres"),
        ("valkey/valkey:8", "redis"),
        ("rabbitmq:3-management", "amqp"),
        ("opensearchproject/opensearch:2", "elasticsearch"),
        ("prom/prometheus@sha256:abc", "prometheus"),
        ("grafana/grafana-oss", "grafana"),
        ("flink:2.0", "flink"),
    ] {
        let probe = ready(&format!("image: '{image}', endpoints: {{tcp: 7}}")).expect(image);
        assert_eq!((probe.kind.word(), probe.default), (word, true), "{image}");
        assert_eq!(probe.kind.endpoint(), Some("tcp"), "{image}");
    }
    for nothing in [
        "image: 'redis:7'",
        "image: redis-exporter, endpoints: {tcp: 9121}",
        "image: 'redis:7', endpoints: {tcp: 6379}, healthcheck: {disable: true}",
    ] {
        assert_eq!(ready(nothing), None, "{nothing}");
    }
    let written = ready("image: redis, endpoints: {tcp: 6379}, probes: {ready: tcp}");
    assert!(written.is_some_and(|probe| !probe.default && probe.kind.word() == "tcp"));
}

#[test]
fn a_login_comes_from_the_variables_of_the_server() {
    let redis = |keys: &str| Login::redis(&service(&format!("image: redis{keys}"))).password;
    assert_eq!(redis(""), None);
    assert_eq!(
        redis(", command: redis-server --requirepass geheim").as_deref(),
        Some("geheim")
    );
    assert_eq!(
        redis(", environment: [REDIS_PASSWORD=p]").as_deref(),
        Some("p")
    );
    let postgres = Login::postgres(&service("image: x, environment: [POSTGRES_USER=shop]"));
    assert_eq!(postgres.database.as_deref(), Some("shop"));
    let written = Login {
        password: Some("other".to_owned()),
        ..Login::default()
    };
    let both = written.or(postgres);
    assert_eq!(
        (both.user.as_deref(), both.password.as_deref()),
        (Some("shop"), Some("other"))
    );
    assert!(!format!("{both:?}").contains("other"));
}

#[test]
fn a_short_start_does_not_wait_longer_for_one_attempt() {
    let startup = service("image: x, probes: {startup: {exec: x, timeout: 2s}}")
        .probes
        .startup
        .expect("startup");
    assert_eq!(
        (startup.timeout, startup.deadline),
        (Millis(2_000), Millis(2_000))
    );
}

#[test]
fn a_health_check_is_the_ready_probe_where_none_is_written() {
    let text = "image: x, healthcheck: {test: curl -f x || exit 1, interval: 5s, timeout: 3,
        retries: 2, start_period: 1m}";
    let with = service(text);
    let ready = with.probes.ready.expect("ready");
    assert_eq!(
        (ready.kind, ready.interval),
        (ProbeKind::Container, Millis(30_000))
    );
    let Run::Container(c) = with.run else {
        panic!()
    };
    let check = c.healthcheck.expect("health check");
    assert_eq!(check.test, ["CMD-SHELL", "curl -f x || exit 1"]);
    assert_eq!(
        (check.interval, check.timeout),
        (Some(Millis(5_000)), Some(Millis(3_000)))
    );
    assert_eq!(
        (check.retries, check.start_period),
        (Some(2), Some(Millis(60_000)))
    );

    let own = service("image: x, healthcheck: {test: [CMD, x]}, probes: {ready: {exec: y}}");
    assert!(matches!(
        own.probes.ready.expect("ready").kind,
        ProbeKind::Exec { .. }
    ));
    for off in ["{disable: true}", "{test: [NONE]}"] {
        let service = service(&format!("image: x, healthcheck: {off}"));
        assert_eq!(service.probes.ready, None, "{off}");
    }
}
