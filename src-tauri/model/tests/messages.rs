//! What people read when their file is wrong: the whole text, so that a change
//! of a message is seen for what it is.

use benchtop_model::file::{self, Sources};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

/// Loads `text` as `benchtop.yaml` beside a `bad.env`, and compares all that is
/// said about it. Both texts may begin with an empty line.
#[track_caller]
fn check(text: &str, expected: &str) {
    let read = |path: &Path| match path.file_name().and_then(|name| name.to_str()) {
        Some("benchtop.yaml") => Ok(text.trim_start_matches('\n').as_bytes().to_vec()),
        Some("bad.env") => Ok(b"A B=1\nC=\"open\n".to_vec()),
        _ => Err(io::ErrorKind::NotFound.into()),
    };
    let sources = Sources {
        variables: &BTreeMap::new(),
        profiles: &BTreeSet::new(),
        read: &read,
    };
    let loaded = file::load(Path::new("/shop/benchtop.yaml"), &sources);
    let said: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
    assert_eq!(said.join("\n"), expected.trim_matches('\n'));
    assert!(loaded.plan.is_none());
}

#[test]
fn a_service_is_exactly_one_thing() {
    check(
        r#"
services:
  both: {image: nginx, process: npm start}
  none: {restart: always}
  built: {provider: {type: x}}
  wrong: {imge: nginx}
  not.ok!: {image: nginx}
  off: {external: false}
  empty: {image: "", command: "sh -c 'open"}
  proc: {process: [], command: x, ports: ["80:80"], volumes: [./a:/a]}
  shell: {process: npm run build && npm start}
"#,
        r#"
benchtop.yaml:2:24: error: `process` beside `image`: service `both` can only be one of them
  hint: keep one of `image`, `process`, `external`
benchtop.yaml:3:3: error: service `none` has none of `image`, `build`, `process`, `external`
  hint: say what it is, such as `image: nginx` or `process: npm start`
benchtop.yaml:4:11: warning: `provider` has no effect yet
  hint: the service counts as external: start it yourself, or say what it runs with `image` or `process`
benchtop.yaml:5:11: error: unknown key `imge` in service `wrong`
  hint: did you mean `image`?
benchtop.yaml:6:3: error: `not.ok!` cannot be the name of a service
  hint: use letters, digits, `.`, `-` and `_`
benchtop.yaml:7:19: error: `external` can only be `true`
  hint: leave the key out for a service that Benchtop runs
benchtop.yaml:8:18: error: `image` is empty
benchtop.yaml:8:31: error: a quote `'` of the command is never closed
  hint: a quote that is meant as such is written `\'`
benchtop.yaml:9:10: error: `process` has no program
  hint: expected something like `process: npm start`
benchtop.yaml:9:23: error: `command` does not fit to a process
  hint: write the program and its arguments in `process`
benchtop.yaml:9:35: warning: `ports` has no effect on a process
  hint: name the ports it listens on: `endpoints: { http: 8080 }`
benchtop.yaml:9:53: warning: `volumes` has no effect on a process
benchtop.yaml:10:20: warning: `&&` is an ordinary word here, because no shell runs this command
  hint: for a shell, write `sh -c '…'`
"#,
    );
}

#[test]
fn names_and_shapes_are_checked() {
    check(
        r#"
name: My Shop
service: {}
services:
  a: {image: x, environment: [A=1, {B: 2}, =3], labels: 3}
  b: [image]
volumes: {data: {driver: local, extrenal: true}}
"#,
        r#"
benchtop.yaml:1:7: error: `My Shop` cannot be the name of an environment
  hint: use at most 64 lower case letters, digits, `-` and `_`, and begin with a letter or digit: `myshop`
benchtop.yaml:2:1: error: unknown key `service` in the file
  hint: did you mean `services`?
benchtop.yaml:4:36: error: an item of `environment` must be `KEY=value`, but is a map
  hint: write `- KEY=value`, or `KEY: value` without the `-`
benchtop.yaml:4:44: error: a variable has no name
  hint: expected `KEY=value`
benchtop.yaml:4:57: error: `labels` must be a list, but is text
benchtop.yaml:5:6: error: service `b` must be a map of keys, but is a list
benchtop.yaml:6:33: error: unknown key `extrenal` in volume `data`
  hint: did you mean `external`?
"#,
    );
}

#[test]
fn every_value_is_checked() {
    check(
        r#"
services:
  a:
    image: [x]
    restart: on-falure
    stop_signal: SIGWHAT
    stop_grace_period: ten seconds
    depends_on: {b: {condition: service_healthy, required: maybe}}
    env_file: {required: true}
    group: {}
    tmpfs: run
    command: {a: b}
  b: {image: x, image: y}
"#,
        r#"
benchtop.yaml:3:12: error: `image` must be text, but is a list
benchtop.yaml:4:14: error: unknown restart policy `on-falure`
  hint: did you mean `on-failure`?
benchtop.yaml:5:18: error: unknown signal `SIGWHAT`
  hint: expected a name such as `SIGINT`, or a number from 1 to 64
benchtop.yaml:6:24: error: `stop_grace_period` must be a duration, but is `ten seconds`
  hint: expected something like `5s`, `1m30s` or `500ms`
benchtop.yaml:7:60: error: `required` must be `true` or `false`, but is `maybe`
benchtop.yaml:8:15: error: `path` is missing in an item of `env_file`
benchtop.yaml:9:12: error: `group` must be text, but is a map
benchtop.yaml:10:12: error: `run` is not an absolute path, but a mount needs one inside the container
  hint: begin it with `/`
benchtop.yaml:11:14: error: `command` must be text or a list of words, but is a map
benchtop.yaml:12:17: error: the key `image` is written twice, first in line 12
  hint: keep one of the two
"#,
    );
}

#[test]
fn endpoints_are_checked() {
    check(
        r#"
services:
  a:
    image: x
    ports: [abc, "80:80/icmp", {published: 80}, {target: 80, publish: 81}]
    endpoints: {http: auto, "a b": 1, tcp: 70000, x: {port: 1, targt: 2}, y: {port: 5, scheme: "h t", host: "http://x"}}
  b: {external: true, endpoints: {http: {host: example.org}}}
  c: {image: x, endpoints: [http]}
"#,
        r#"
benchtop.yaml:4:13: error: `abc` is not a port
  hint: expected `HOST:CONTAINER` with numbers from 1 to 65535, such as `8080:80`
benchtop.yaml:4:18: error: unknown protocol `icmp` of a port
  hint: expected `tcp` or `udp`
benchtop.yaml:4:32: error: `target` is missing in an item of `ports`
benchtop.yaml:4:62: error: unknown key `publish` in an item of `ports`
  hint: did you mean `published`?
benchtop.yaml:5:23: error: the endpoint `http` does not say which port the container listens on
  hint: write `{ port: auto, target: 80 }`
benchtop.yaml:5:29: error: `a b` cannot be the name of an endpoint
  hint: use letters, digits, `-` and `_`
benchtop.yaml:5:44: error: `70000` is not a port
  hint: expected a number from 1 to 65535, or `auto`
benchtop.yaml:5:61: error: port 1 of `a` (endpoint `x`) is taken already: `a` has it (endpoint `a b`, benchtop.yaml:5:36)
  hint: change one of the two, or let a free one be chosen with `auto`
benchtop.yaml:5:64: error: unknown key `targt` in endpoint `x`
  hint: did you mean `target`?
benchtop.yaml:5:96: error: `h t` is not the scheme of a URL
benchtop.yaml:5:109: error: `http://x` is not a host
  hint: expected a name or an address alone; the port belongs to `port`
benchtop.yaml:6:41: error: the endpoint `http` of an external service needs its port
  hint: write `{ host: db.example, port: 5432 }`
benchtop.yaml:7:28: error: `endpoints` must be a map of names, but is a list
  hint: give each endpoint a name: `endpoints: { http: 8080 }`
"#,
    );
}

#[test]
fn two_services_cannot_hold_one_port() {
    check(
        r#"
services:
  a: {image: x, ports: ["8080:80"]}
  b: {process: x, endpoints: {http: 8080}}
"#,
        r#"
benchtop.yaml:3:37: error: port 8080 of `b` (endpoint `http`) is taken already: `a` has it (endpoint `http`, benchtop.yaml:2:25)
  hint: change one of the two, or let a free one be chosen with `auto`
"#,
    );
}

#[test]
fn dependencies_must_exist_and_be_on() {
    check(
        r#"
services:
  web: {image: x, depends_on: [databse, web], references: [api, off]}
  database: {image: x, depends_on: {web: {condition: service_heathy}, api: {condition: ready, requird: true}}}
  api: {image: x, depends_on: [web, nobody]}
  off: {image: x, profiles: [debug]}
"#,
        r#"
benchtop.yaml:2:32: error: service `web` depends on `databse`, which does not exist
  hint: did you mean `database`?
benchtop.yaml:2:41: error: service `web` depends on itself
  hint: remove this line
benchtop.yaml:2:65: error: service `web` depends on `off`, which belongs to a profile that is off
  hint: start with the profile `debug`, or remove `profiles` from `off`
benchtop.yaml:3:54: error: unknown condition `service_heathy`
  hint: did you mean `healthy`?
benchtop.yaml:3:88: error: unknown condition `ready`
  hint: expected `started`, `healthy` or `completed_successfully`
benchtop.yaml:3:95: error: unknown key `requird` in the dependency on `api`
  hint: did you mean `required`?
benchtop.yaml:4:32: error: services wait for each other in a circle: api → web → api
  hint: take one of these dependencies out
benchtop.yaml:4:37: error: service `api` depends on `nobody`, which does not exist
  hint: add it to `services`, or remove it here
"#,
    );
}

#[test]
fn a_circle_is_shown_as_a_path() {
    check(
        r#"
services:
  a: {image: x, depends_on: [b]}
  b: {image: x, references: {c: started}}
  c: {image: x, depends_on: {a: {condition: service_healthy}}}
"#,
        r#"
benchtop.yaml:2:30: error: services wait for each other in a circle: a → b → c → a
  hint: take one of these dependencies out
"#,
    );
}

#[test]
fn probes_are_checked_against_what_the_service_has() {
    check(
        r#"
services:
  a:
    image: x
    endpoints: {tcp: 1}
    probes:
      ready: {log: {}}
      live: {http: /live}
      startup: {tcp: http, timeout: soon, intervall: 5s}
      redy: {tcp: true}
  b:
    image: x
    probes:
      ready: {http: /x}
      live: {interval: 5s}
      startup: {exec: x, tcp: true, failure_threshold: 0}
  c:
    external: true
    endpoints: {http: 80}
    probes:
      ready: {http: {path: health, status: 99}}
      live: {exec: x}
      startup: {container: true}
  d:
    image: x
    healthcheck: {test: [curl, x], interval: often, retires: 3}
  f:
    image: x
    healthcheck: {test: [CMD-SHELL, curl, x]}
  g:
    image: x
    healthcheck: {test: [CMD]}
  e:
    image: x
    healthcheck: {disable: true}
    probes: {ready: {container: true}}
"#,
        r#"
benchtop.yaml:6:15: error: `log` does not say which line is meant
  hint: write `log: started`, or `log: { regex: "started in \\d+" }`
benchtop.yaml:7:14: error: a probe with `http` needs an endpoint with the scheme `http` or `https`
  hint: write `http: { path: /health, endpoint: tcp }`, or give `tcp` a `scheme: http`
benchtop.yaml:8:22: error: the endpoint `http` does not exist
  hint: the endpoints of the service are `tcp`
benchtop.yaml:8:37: error: `timeout` must be a duration, but is `soon`
  hint: expected something like `5s`, `1m30s` or `500ms`
benchtop.yaml:8:43: error: unknown key `intervall` in a probe
  hint: did you mean `interval`?
benchtop.yaml:9:7: error: unknown probe `redy`
  hint: did you mean `ready`?
benchtop.yaml:13:15: error: a probe with `http` needs an endpoint, but the service has none
  hint: add one, such as `endpoints: { http: 8080 }`, or use `exec`
benchtop.yaml:14:7: error: the live probe does not say what it does
  hint: add one of `http`, `tcp`, `exec`, `log`, `container`, `postgres`, `mysql`, `redis`, `amqp`, `kafka`, `elasticsearch`, `flink`, `prometheus`, `grafana`, `otel-collector`, `grpc`, `temporal`
benchtop.yaml:15:26: error: the startup probe has a second kind, `tcp`, but does exactly one thing
  hint: keep one of the two
benchtop.yaml:15:56: error: `failure_threshold` must be a whole number from 1 upwards, but is `0`
benchtop.yaml:20:28: error: `health` is not the path of a URL
  hint: begin it with `/`; the host comes from the endpoint
benchtop.yaml:21:14: error: an external service cannot be probed with `exec`
  hint: use `http` or `tcp`
benchtop.yaml:22:17: error: only a container has a health check of its own
  hint: use `http`, `tcp` or `exec`
benchtop.yaml:25:25: error: the list of `test` must begin with `CMD`, `CMD-SHELL` or `NONE`
  hint: expected something like `[CMD, curl, -f, http://localhost]`
benchtop.yaml:25:46: error: `interval` must be a duration, but is `often`
  hint: expected something like `5s`, `1m30s` or `500ms`
benchtop.yaml:25:53: error: unknown key `retires` in `healthcheck`
  hint: did you mean `retries`?
benchtop.yaml:28:25: warning: the shell runs only the first text behind `CMD-SHELL`
  hint: put the whole command line into one text, or use `CMD`
benchtop.yaml:31:25: error: the health check has no command
benchtop.yaml:35:22: error: the health check that is asked for is disabled
  hint: remove `disable` from `healthcheck`, or use another probe
"#,
    );
}

#[test]
fn probes_of_known_servers_are_checked() {
    check(
        r#"
services:
  a:
    image: x
    endpoints: {tcp: 5432}
    probes:
      startup: {postgres: {usr: me, database: shop}}
      live: {flink: {min_slots: none}}
      ready: {redis: {endpoint: tpc}}
  k:
    image: x
    endpoints: {tcp: 9092}
    probes:
      startup: {kafka: {min_broker: 3, min_brokers: none}}
      live: {temporal: {namspace: x}}
      ready: {grpc: {topic: x}}
  l:
    image: x
    endpoints: {http: 80}
    probes:
      startup: {log: {regex: "a("}}
      live: {log: alive}
      ready: {http: {body: {}}}
  b:
    image: x
    probes:
      ready: redis
      live: redsi
"#,
        r#"
benchtop.yaml:6:28: error: unknown key `usr` in the `postgres` probe
  hint: did you mean `user`?
benchtop.yaml:7:33: error: `min_slots` must be a whole number from 1 upwards, but is `none`
benchtop.yaml:8:33: error: the endpoint `tpc` does not exist
  hint: the endpoints of the service are `tcp`
benchtop.yaml:13:25: error: unknown key `min_broker` in the `kafka` probe
  hint: did you mean `min_brokers`?
benchtop.yaml:13:53: error: `min_brokers` must be a whole number from 1 upwards, but is `none`
benchtop.yaml:14:25: error: unknown key `namspace` in the `temporal` probe
  hint: did you mean `namespace`?
benchtop.yaml:15:22: error: unknown key `topic` in the `grpc` probe
  hint: known keys: `endpoint`, `service`
benchtop.yaml:20:30: error: `a(` is no regular expression: error: unclosed group
benchtop.yaml:21:14: error: a line that was written once does not tell whether the service is alive
  hint: use `log` for `startup` or `ready`
benchtop.yaml:22:22: error: `body` does not say what is expected
  hint: write something like `body: { path: status, equals: UP }`
benchtop.yaml:26:14: error: a probe with `redis` needs an endpoint, but the service has none
  hint: add one, such as `endpoints: { http: 8080 }`, or use `exec`
benchtop.yaml:27:13: error: the live probe must be a map or the name of a kind, such as `tcp` or `redis`, but is text
"#,
    );
}

#[test]
fn mounts_are_checked() {
    check(
        r#"
services:
  a:
    image: x
    volumes: [dta:/a, ./b:b, "x:", {type: bind, target: /c}, {type: bnd, target: /d}, {source: data}, other:/e, ./f:/f:rx]
volumes: {data: }
"#,
        r#"
benchtop.yaml:4:15: error: the volume `dta` is not declared
  hint: did you mean `data`?
benchtop.yaml:4:23: error: `b` is not an absolute path, but a mount needs one inside the container
  hint: begin it with `/`
benchtop.yaml:4:30: error: `x:` is not a mount
  hint: expected `SOURCE:/target` or `SOURCE:/target:ro`
benchtop.yaml:4:36: error: `source` is missing in a mount of the type `bind`
benchtop.yaml:4:69: error: unknown type `bnd` of a mount
  hint: expected `bind`, `volume`, `tmpfs` or `image`
benchtop.yaml:4:87: error: `target` is missing in an item of `volumes`
benchtop.yaml:4:103: error: the volume `other` is not declared
  hint: add `other:` to the top-level `volumes`, or write `./other` for a folder
benchtop.yaml:4:113: warning: unknown mode `rx` of a mount
  hint: expected `ro` or `rw`
"#,
    );
}

#[test]
fn variables_and_files_are_checked() {
    check(
        r#"
name: ${NAME:?say who you are}
services:
  a: {image: "x:${TAG", environment: {A: $NO, B: "${B:?}", U: "{{b.http.url}}", V: "{{a.tcp.url}}"}, env_file: [missing.env, bad.env], endpoints: {http: 1}}
"#,
        r#"
bad.env:1:1: error: the name of a variable cannot contain a space
  hint: expected `KEY=value`; a comment begins with `#`
bad.env:2:1: error: the quote " is never closed
  hint: close it, or write the value without quotes
benchtop.yaml:1:7: error: the variable `NAME` is required: say who you are
  hint: set `NAME` in `.env` or in the environment
benchtop.yaml:3:14: error: `${TAG` is not a variable
  hint: expected `${NAME}` or `${NAME:-default}`; `$$` stands for a dollar sign
benchtop.yaml:3:42: warning: the variable `NO` is not set; an empty text stands in for it
  hint: set `NO` in `.env` or in the environment, or give a default: `${NO:-value}`
benchtop.yaml:3:50: error: the variable `B` is required: it is not set
  hint: set `B` in `.env` or in the environment
benchtop.yaml:3:63: error: `{{b.http.url}}`: there is no service `b`
  hint: did you mean `a`?
benchtop.yaml:3:84: error: `{{a.tcp.url}}`: the service `a` has no endpoint `tcp`, but `http`
benchtop.yaml:3:113: error: the file `missing.env` does not exist
  hint: create it, or write `{ path: …, required: false }`
"#,
    );
}

#[test]
fn text_that_is_not_yaml_is_told_with_a_guess_at_the_slip() {
    check(
        r#"
services:
	a: {image: x}
"#,
        r#"
benchtop.yaml:2:2: error: not valid YAML: tabs disallowed within this context (block indentation)
  hint: indent with spaces; YAML does not allow tabs there
"#,
    );
    check(
        r#"
services:
  a:
    image: x
    command: echo a: b
"#,
        r#"
benchtop.yaml:4:20: error: not valid YAML: mapping values are not allowed in this context
  hint: put a value in quotes when it contains `: `
"#,
    );
    check(
        r#"
services:
  a:
    image: "x
    restart: no
"#,
        r#"
benchtop.yaml:3:12: error: not valid YAML: invalid indentation in quoted scalar
  hint: a quote seems to be missing
"#,
    );
    check(
        r#"
services:
  a:
    image: x
   restart: no
"#,
        r#"
benchtop.yaml:4:4: error: not valid YAML: while parsing a block mapping, did not find expected key
  hint: look at the indentation of this line and of the one before
"#,
    );
    check(
        r#"
services:
  a: *base
"#,
        r#"
benchtop.yaml:2:6: error: not valid YAML: while parsing node, found unknown anchor
  hint: an anchor `&name` must stand before its alias `*name`; quote a value that begins with `*`
"#,
    );
    check(
        r#"
services:
  a:
    image: @x
"#,
        r#"
benchtop.yaml:3:12: error: not valid YAML: unexpected character: `@'
  hint: put a value in quotes when it begins with a character that YAML uses itself
"#,
    );
    check(
        r#"
services:
  a:
    image: x
    environment:
      U: {{db.tcp.url}}
"#,
        r#"
benchtop.yaml:5:10: error: `U` must be text, but is a map
benchtop.yaml:5:11: error: a key must be text, but this is a map
  hint: put `{{…}}` and `[…]` in quotes where text is meant
"#,
    );
    check(
        r#"
- a
- b
"#,
        r#"
benchtop.yaml:1:1: error: the file must be a map of keys, but is a list
"#,
    );
}
