//! Lines as the programs write them, and what must be read from each without a setting.

use super::{Fields, Severity, fields, severity};
use crate::level::Level::{self, Debug, Error, Fatal, Info, Trace, Warn};
use crate::log::Stream;

/// What a program writes, and the level of each line.
type Lines = [(&'static str, Level)];

#[track_caller]
fn check(program: &str, lines: &Lines) {
    for (line, level) in lines {
        let found = severity(line, Stream::Stderr);
        assert_eq!(found, Severity::Named(*level), "{program}: {line}");
    }
}

#[track_caller]
fn has(line: &str, pairs: &[(&str, &str)]) -> Fields {
    let found = fields(line);
    for (key, value) in pairs {
        let read = found.attributes.get(*key).map(String::as_str);
        assert_eq!(read, Some(*value), "{key} of {line}");
    }
    found
}

#[test]
fn json_of_the_usual_libraries() {
    check(
        "Serilog",
        &[
            (
                r#"{"@t":"2026-11-22T07:00:00.0000000Z","@mt":"Order {Id}","Id":7}"#,
                Info,
            ),
            (
                r#"{"@t":"2026-11-22T07:00:00Z","@mt":"x","@l":"Verbose"}"#,
                Trace,
            ),
            (
                r#"{"@t":"2026-11-22T07:00:00Z","@mt":"x","@l":"Fatal","@x":"System.Exception: no"}"#,
                Fatal,
            ),
        ],
    );
    check(
        "pino, bunyan",
        &[
            (
                r#"{"level":10,"time":1795330800000,"pid":1,"hostname":"a","msg":"x"}"#,
                Trace,
            ),
            (
                r#"{"level":30,"time":1795330800000,"pid":1,"hostname":"a","msg":"error handler set"}"#,
                Info,
            ),
            (
                r#"{"name":"shop","hostname":"a","pid":1,"level":60,"msg":"x","time":"2026-11-22T07:00:00.000Z","v":0}"#,
                Fatal,
            ),
        ],
    );
    check(
        "zap",
        &[
            (
                r#"{"level":"warn","ts":1795330800.12,"caller":"shop/main.go:12","msg":"slow","took":1.5}"#,
                Warn,
            ),
            (
                r#"{"level":"dpanic","ts":1795330800.12,"msg":"impossible"}"#,
                Fatal,
            ),
        ],
    );
    check(
        "logrus",
        &[(
            r#"{"level":"warning","msg":"A walrus","time":"2026-11-22T07:00:00Z"}"#,
            Warn,
        )],
    );
    check(
        "structlog, python-json-logger",
        &[
            (
                r#"{"event": "cache miss", "level": "warning", "timestamp": "2026-11-22T07:00:00Z"}"#,
                Warn,
            ),
            (
                r#"{"asctime": "2026-11-22 07:00:00,000", "levelname": "CRITICAL", "message": "x"}"#,
                Fatal,
            ),
        ],
    );
    check(
        "slog",
        &[
            (
                r#"{"time":"2026-11-22T07:00:00Z","level":"ERROR","msg":"x","err":"y"}"#,
                Error,
            ),
            (
                r#"{"time":"2026-11-22T07:00:00Z","level":"INFO+2","msg":"x"}"#,
                Info,
            ),
            (
                r#"{"time":"2026-11-22T07:00:00Z","level":"DEBUG-4","msg":"x"}"#,
                Debug,
            ),
        ],
    );
    check(
        ".NET",
        &[(
            r#"{"EventId":13,"LogLevel":"Critical","Category":"Shop","Message":"x","State":{"Message":"x"}}"#,
            Fatal,
        )],
    );
    check(
        "ECS, Elasticsearch",
        &[(
            r#"{"@timestamp":"2026-11-22T07:00:00.000Z", "log.level": "WARN", "message":"x", "ecs.version": "1.2.0","service.name":"ES_ECS"}"#,
            Warn,
        )],
    );
    check(
        "Logback",
        &[(
            r#"{"@timestamp":"2026-11-22T07:00:00Z","@version":"1","message":"x","logger_name":"a.B","thread_name":"main","level":"DEBUG","level_value":10000}"#,
            Debug,
        )],
    );
    check(
        "MongoDB",
        &[
            (
                r#"{"t":{"$date":"2026-11-22T07:00:00.000+00:00"},"s":"I","c":"NETWORK","id":23015,"ctx":"listener","msg":"Listening on"}"#,
                Info,
            ),
            (
                r#"{"t":{"$date":"2026-11-22T07:00:00.000+00:00"},"s":"W","c":"CONTROL","id":22120,"ctx":"initandlisten","msg":"x"}"#,
                Warn,
            ),
            (
                r#"{"t":{"$date":"2026-11-22T07:00:00.000+00:00"},"s":"D2","c":"QUERY","id":1,"ctx":"conn1","msg":"x"}"#,
                Debug,
            ),
        ],
    );
    has(
        r#"{"level":30,"msg":"done","req":{"id":"a-1","method":"GET"},"responseTime":12.5}"#,
        &[("req.id", "a-1"), ("responseTime", "12.5"), ("msg", "done")],
    );
}

#[test]
fn logfmt_and_slog_text() {
    check(
        "logrus, slog, Prometheus, Grafana",
        &[
            (
                r#"time="2026-11-22T07:00:00Z" level=warning msg="A walrus appears" animal=walrus"#,
                Warn,
            ),
            (
                r#"time=2026-11-22T07:00:00.000Z level=ERROR msg=x err="dial tcp: refused""#,
                Error,
            ),
            (
                r#"ts=2026-11-22T07:00:00.000Z caller=main.go:1 level=info msg="an error is no panic""#,
                Info,
            ),
            ("2026/11/22 07:00:00 INFO listening port=8080", Info),
            (
                "2026/11/22 07:00:00 ERROR cannot listen err=EADDRINUSE",
                Error,
            ),
        ],
    );
    has(
        r#"time=2026-11-22T07:00:00.000Z level=ERROR msg=x err="dial tcp: refused" user.id=42"#,
        &[("err", "dial tcp: refused"), ("user.id", "42")],
    );
}

#[test]
fn klog_and_syslog() {
    check(
        "klog",
        &[
            (
                "I1122 07:00:00.000000       1 server.go:12] no error at all",
                Info,
            ),
            (
                "W1122 07:00:00.000000   12345 reflector.go:533] watch ended",
                Warn,
            ),
            (
                "E1122 07:00:00.000000       1 main.go:7] \"Unable\" err=\"x\"",
                Error,
            ),
            (
                "F1122 07:00:00.000000       1 main.go:7] cannot go on",
                Fatal,
            ),
        ],
    );
    check(
        "syslog",
        &[
            (
                "<34>1 2026-11-22T07:00:00.003Z host su - ID47 - 'su root' failed",
                Fatal,
            ),
            ("<11>Nov 22 07:00:00 host app[7]: no", Error),
            ("<165>1 2026-11-22T07:00:00Z host app 8710 - - x", Info),
            ("<191>Nov 22 07:00:00 host app: x", Debug),
        ],
    );
    check(
        "no syslog",
        &[("<html>1 x", Info), ("<999>x", Info), ("<3> x", Info)],
    );
}

#[test]
fn java() {
    check(
        "Log4j, Logback, Spring Boot, Kafka, Flink, Elasticsearch, JUL",
        &[
            ("07:00:00.000 [main] INFO  com.shop.App - started", Info),
            (
                "07:00:00.000 [error-handler-1] DEBUG com.shop.App - x",
                Debug,
            ),
            (
                "2026-11-22T07:00:00.000Z  WARN 1 --- [           main] o.s.b.Startup : x",
                Warn,
            ),
            (
                "2026-11-22 07:00:00,123 ERROR [http-nio-8080-exec-1] com.shop.Api: x",
                Error,
            ),
            (
                "[2026-11-22 07:00:00,000] INFO [KafkaServer id=1] started (kafka.server.KafkaServer)",
                Info,
            ),
            (
                "[2026-11-22 07:00:00,000] FATAL [KafkaServer id=1] x (kafka.server.KafkaServer)",
                Fatal,
            ),
            (
                "2026-11-22 07:00:00,000 WARN  org.apache.flink.runtime.taskmanager.Task [] - x",
                Warn,
            ),
            (
                "[2026-11-22T07:00:00,000][WARN ][o.e.b.BootstrapChecks    ] [node-1] x",
                Warn,
            ),
            (
                "[2026-11-22T07:00:00,000][DEBUG][o.e.a.ErrorAction        ] [node-1] x",
                Debug,
            ),
            ("Nov 22, 2026 7:00:00 AM com.shop.App main SEVERE: x", Error),
        ],
    );
}

#[test]
fn python_ruby_php_rust_and_dotnet() {
    check(
        "Python",
        &[
            ("WARNING:root:watch out", Warn),
            (
                "2026-11-22 07:00:00,000 - shop.error_pages - INFO - x",
                Info,
            ),
            (
                "[2026-11-22 07:00:00 +0000] [7] [INFO] Booting worker",
                Info,
            ),
            ("CRITICAL 2026-11-22 07:00:00,000 shop x", Fatal),
            (
                "INFO:     127.0.0.1:50312 - \"GET /missing HTTP/1.1\" 404 Not Found",
                Info,
            ),
        ],
    );
    check(
        "Rails",
        &[
            (
                "I, [2026-11-22T07:00:00.000000 #71]  INFO -- : Started GET \"/\"",
                Info,
            ),
            ("F, [2026-11-22T07:00:00.000000 #71] FATAL -- : x", Fatal),
            ("D, [2026-11-22T07:00:00.000000 #71] DEBUG -- : x", Debug),
        ],
    );
    check(
        "PHP",
        &[
            ("[22-Nov-2026 07:00:00] NOTICE: fpm is running, pid 1", Info),
            (
                "[22-Nov-2026 07:00:00] WARNING: [pool www] server reached pm.max_children",
                Warn,
            ),
            (
                "[22-Nov-2026 07:00:00 UTC] PHP Warning:  Undefined variable $a in /a.php on line 3",
                Warn,
            ),
            (
                "[22-Nov-2026 07:00:00 UTC] PHP Fatal error:  Uncaught Error: no in /a.php:3",
                Fatal,
            ),
            (
                "[22-Nov-2026 07:00:00 UTC] PHP Parse error:  syntax error",
                Error,
            ),
            (
                "[2026-11-22 07:00:00] production.ERROR: no {\"exception\":\"x\"}",
                Error,
            ),
        ],
    );
    check(
        "Rust",
        &[
            (
                "2026-11-22T07:00:00.000000Z  WARN shop::error: slow took=3ms",
                Warn,
            ),
            ("[2026-11-22T07:00:00Z TRACE shop] x", Trace),
        ],
    );
    check(
        ".NET, Serilog, zerolog",
        &[
            ("warn: Microsoft.AspNetCore.Server.Kestrel[0]", Warn),
            ("crit: Shop.Errors[7]", Fatal),
            ("trce: Shop[0]", Trace),
            ("[07:00:00 FTL] the end", Fatal),
            ("[07:00:00 VRB] detail", Trace),
            ("7:00AM TRC detail", Trace),
        ],
    );
}

#[test]
fn web_servers() {
    let line = r#"10.0.0.7 - - [22/Nov/2026:07:00:00 +0000] "GET /error/log?level=fatal HTTP/1.1" 200 612 "-" "curl/8""#;
    check(
        "access logs",
        &[
            (line, Info),
            (
                r#"10.0.0.7 - bob [22/Nov/2026:07:00:00 +0000] "POST /orders HTTP/2.0" 503 12"#,
                Error,
            ),
            (
                r#"::1 - - [22/Nov/2026:07:00:00 +0000] "GET /favicon.ico HTTP/1.1" 404 -"#,
                Warn,
            ),
        ],
    );
    let pairs = [
        ("client", "10.0.0.7"),
        ("method", "GET"),
        ("path", "/error/log?level=fatal"),
        ("status", "200"),
        ("bytes", "612"),
    ];
    assert_eq!(has(line, &pairs).attributes.len(), pairs.len());
    check(
        "nginx, Apache errors",
        &[
            (
                "2026/11/22 07:00:00 [notice] 1#1: start worker processes",
                Info,
            ),
            (
                "2026/11/22 07:00:00 [error] 31#31: *1 open() \"/a\" failed, request: \"GET /a HTTP/1.1\", host: \"a\"",
                Error,
            ),
            (
                "2026/11/22 07:00:00 [emerg] 1#1: bind() to 0.0.0.0:80 failed",
                Fatal,
            ),
            (
                "2026/11/22 07:00:00 [alert] 1#1: worker process 7 exited on signal 9",
                Fatal,
            ),
            (
                "[Sun Nov 22 07:00:00.000000 2026] [mpm_event:notice] [pid 1:tid 7] AH00489: Apache",
                Info,
            ),
            (
                "[Sun Nov 22 07:00:00.000000 2026] [core:error] [pid 9] (13)Permission denied: x",
                Error,
            ),
            (
                "[Sun Nov 22 07:00:00.000000 2026] [core:emerg] [pid 9] x",
                Fatal,
            ),
        ],
    );
}

#[test]
fn databases_and_brokers() {
    check(
        "PostgreSQL",
        &[
            (
                "2026-11-22 07:00:00.000 UTC [1] LOG:  database system is ready",
                Info,
            ),
            (
                "2026-11-22 07:00:00.000 UTC [71] ERROR:  duplicate key value",
                Error,
            ),
            (
                "2026-11-22 07:00:00.000 UTC [71] WARNING:  there is no transaction",
                Warn,
            ),
            (
                "2026-11-22 07:00:00.000 UTC [1] PANIC:  could not write",
                Fatal,
            ),
        ],
    );
    for rest in [
        "DETAIL:  Key (id)=(1) already exists.",
        "STATEMENT:  insert into error_log",
        "HINT:  x",
    ] {
        let line = format!("2026-11-22 07:00:00.000 UTC [71] {rest}");
        let found = severity(&line, Stream::Stderr);
        assert_eq!(found, Severity::Continued(Info), "{line}");
    }
    check(
        "MariaDB, MySQL",
        &[
            (
                "2026-11-22  7:00:00 0 [Note] InnoDB: Using large pages",
                Info,
            ),
            ("2026-11-22  7:00:00 0 [ERROR] mariadbd: x", Error),
            (
                "2026-11-22T07:00:00.000000Z 0 [Warning] [MY-010068] [Server] x",
                Warn,
            ),
            (
                "2026-11-22T07:00:00.000000Z 0 [System] [MY-010931] [Server] error log ready",
                Info,
            ),
        ],
    );
    check(
        "Redis",
        &[
            (
                "1:M 22 Nov 2026 07:00:00.000 * Ready to accept connections tcp",
                Info,
            ),
            ("1:M 22 Nov 2026 07:00:00.000 # Warning: no error", Warn),
            (
                "1:C 22 Nov 2026 07:00:00.000 # oO0OoO0OoO0Oo Redis is starting",
                Warn,
            ),
            ("12:S 22 Nov 2026 07:00:00.000 . x", Debug),
            ("1:M 22 Nov 2026 07:00:00.000 - Accepted 10.0.0.7:1", Info),
        ],
    );
    check(
        "RabbitMQ",
        &[
            (
                "2026-11-22 07:00:00.000000+00:00 [info] <0.222.0> Server startup complete",
                Info,
            ),
            (
                "2026-11-22 07:00:00.000000+00:00 [warning] <0.1.0> closing AMQP connection",
                Warn,
            ),
            (
                "2026-11-22 07:00:00.000000+00:00 [error] <0.1.0> ** Generic server x terminating",
                Error,
            ),
        ],
    );
}
