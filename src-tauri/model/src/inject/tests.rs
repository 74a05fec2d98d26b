//! What a service is told, from each place where it may run.

use super::*;
use crate::plan::{Container, Process};
use std::path::PathBuf;

/// A service with these endpoints (`name scheme port[>target]`) and variables.
fn service(name: &str, run: Run, endpoints: &[&str], variables: &[(&str, &str)]) -> Service {
    let endpoint = |text: &&str| {
        let mut words = text.split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (name, scheme, ports) = (word(), word(), word());
        let (port, target) = ports.split_once('>').unwrap_or((&ports, ""));
        Endpoint {
            name,
            protocol: if scheme == "udp" {
                Protocol::Udp
            } else {
                Protocol::Tcp
            },
            scheme,
            port: port.parse().map_or(HostPort::Auto, HostPort::Fixed),
            target: target.parse().ok(),
            host: None,
        }
    };
    Service {
        name: name.into(),
        run,
        group: None,
        environment: variables
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect(),
        endpoints: endpoints.iter().map(endpoint).collect(),
        depends_on: BTreeMap::new(),
        references: Vec::new(),
        probes: Default::default(),
        restart: Default::default(),
        stop_signal: None,
        stop_grace: crate::time::Millis(0),
        build: None,
        build_strategy: Default::default(),
        watch: Vec::new(),
        post_start: Vec::new(),
        pre_stop: Vec::new(),
        metrics: None,
    }
}

fn image(image: &str) -> Run {
    Run::Container(Container {
        image: image.into(),
        ..Container::default()
    })
}

fn process() -> Run {
    Run::Process(Process {
        command: vec!["x".into()],
        cwd: PathBuf::from("/"),
    })
}

/// Every service references all others.
fn plan(services: Vec<Service>) -> Plan {
    let names: Vec<String> = services
        .iter()
        .map(|service| service.name.clone())
        .collect();
    let others = |own: &str| names.iter().filter(|name| *name != own).cloned().collect();
    let services = services.into_iter().map(|mut service| {
        service.references = others(&service.name);
        (service.name.clone(), service)
    });
    Plan {
        name: "shop".into(),
        project_dir: "/shop".into(),
        file: "/shop/benchtop.yaml".into(),
        services: services.collect(),
        volumes: BTreeMap::new(),
        networks: BTreeMap::new(),
        moved: Vec::new(),
        scenarios: BTreeMap::new(),
    }
}

fn assigned() -> Ports {
    Ports::from([
        (("api".into(), "http".into()), 40001),
        (("db".into(), "tcp".into()), 40002),
    ])
}

fn shop() -> Plan {
    plan(vec![
        service(
            "api",
            process(),
            &["http http auto", "metrics tcp 9100"],
            &[],
        ),
        service(
            "db",
            image("postgres:16"),
            &["tcp tcp auto>5432"],
            &[("POSTGRES_PASSWORD", "pw")],
        ),
        service(
            "my-web.1",
            image("nginx"),
            &["http http 8080>80", "dns udp 53>53"],
            &[],
        ),
    ])
}

/// `KEY=value` of all variables that begin with one of these words.
fn told(plan: &Plan, service: &str, prefixes: &[&str]) -> Vec<String> {
    let all = variables(plan, service, &assigned());
    let wanted = all
        .iter()
        .filter(|(key, _)| prefixes.iter().any(|prefix| key.starts_with(prefix)));
    wanted
        .map(|(key, value)| format!("{key}={value}"))
        .collect()
}

#[test]
fn a_process_reaches_a_container_at_its_host_port() {
    assert_eq!(
        told(
            &shop(),
            "api",
            &["DB", "services__db", "ASPNETCORE_DB", "ConnectionStrings"]
        ),
        [
            "ASPNETCORE_DB_URL=tcp://localhost:40002",
            "ConnectionStrings__db=Host=localhost;Port=40002;Username=postgres;Password=pw;Database=postgres",
            "DB_HOST=localhost",
            "DB_PORT=40002",
            "DB_TCP=tcp://localhost:40002",
            "DB_URL=tcp://localhost:40002",
            "services__db__tcp__0=tcp://localhost:40002",
        ]
    );
}

#[test]
fn a_container_reaches_a_container_by_its_name() {
    assert_eq!(
        told(&shop(), "my-web.1", &["DB_U", "ConnectionStrings"]),
        [
            "ConnectionStrings__db=Host=db;Port=5432;Username=postgres;Password=pw;Database=postgres",
            "DB_URL=tcp://db:5432",
        ]
    );
    // The name stays as written where .NET reads it, and is tamed elsewhere.
    assert_eq!(
        told(&shop(), "db", &["MY_WEB_1", "services__my"]),
        [
            "MY_WEB_1_HOST=my-web.1",
            "MY_WEB_1_HTTP=http://my-web.1:80",
            "MY_WEB_1_PORT=80",
            "MY_WEB_1_URL=http://my-web.1:80",
            "services__my-web.1__http__0=http://my-web.1:80",
        ]
    );
}

#[test]
fn a_container_reaches_a_process_through_the_host() {
    assert_eq!(
        told(&shop(), "db", &["API"]),
        [
            "API_HOST=host.docker.internal",
            "API_HTTP=http://host.docker.internal:40001",
            "API_METRICS=tcp://host.docker.internal:9100",
            "API_PORT=40001",
            "API_URL=http://host.docker.internal:40001",
        ]
    );
}

#[test]
fn an_external_service_is_where_it_says() {
    let mut far = service("far", Run::External, &["http http 80"], &[]);
    far.endpoints[0].host = Some("far.example".into());
    let near = service("near", Run::External, &["http http 81"], &[]);
    let plan = plan(vec![
        far,
        near,
        service("api", process(), &[], &[]),
        service("web", image("x"), &[], &[]),
    ]);
    assert_eq!(
        told(&plan, "api", &["FAR_U", "NEAR_U"]),
        [
            "FAR_URL=http://far.example:80",
            "NEAR_URL=http://localhost:81"
        ]
    );
    assert_eq!(
        told(&plan, "web", &["FAR_U", "NEAR_U"]),
        [
            "FAR_URL=http://far.example:80",
            "NEAR_URL=http://host.docker.internal:81"
        ]
    );
}

#[test]
fn a_process_is_told_where_to_listen() {
    assert_eq!(
        told(
            &shop(),
            "api",
            &["PORT", "HTTP_PORT", "METRICS_PORT", "ASPNETCORE_URLS"]
        ),
        [
            "ASPNETCORE_URLS=http://localhost:40001",
            "HTTP_PORT=40001",
            "METRICS_PORT=9100",
            "PORT=40001"
        ]
    );
    assert_eq!(
        told(
            &shop(),
            "my-web.1",
            &["PORT", "HTTP_PORT", "ASPNETCORE_URLS"]
        ),
        Vec::<String>::new()
    );
}

#[test]
fn own_variables_win_and_their_templates_are_filled_in() {
    let mut plan = shop();
    let api = plan.services.get_mut("api").expect("api");
    api.environment.insert(
        "DB_URL".into(),
        "{{ db.tcp.host }}|{{db.tcp.port}}|{{my-web.1.http.url}}".into(),
    );
    assert_eq!(
        told(&plan, "api", &["DB_URL"]),
        ["DB_URL=localhost|40002|http://localhost:8080"]
    );
}

#[test]
fn a_port_that_is_not_assigned_yet_is_told_to_nobody() {
    let plan = shop();
    let none = Ports::new();
    assert!(!variables(&plan, "db", &none).contains_key("API_URL"));
    assert_eq!(address(&plan, "api", "http", &none, Viewpoint::Host), None);
    assert_eq!(
        expand("{{api.http.url}}", &plan, &none, Viewpoint::Host),
        Err("the port of `api.http` is not assigned yet".into())
    );
    assert_eq!(variables(&plan, "nobody", &none), BTreeMap::new());
}

#[test]
fn braces_of_others_are_left_alone() {
    let plan = shop();
    for text in [
        "{{json .}}",
        "{{.Names}}",
        "{{ $labels.instance }}",
        "{{a.b.c}}",
        "{{x}}",
        "{{",
        "}}",
        "a {{ b",
        "{{}}",
        "{{api}}",
        "{{api.name}}",
        "{{api.user.name}}",
        "{{api..url}}",
    ] {
        assert_eq!(
            expand(text, &plan, &Ports::new(), Viewpoint::Host),
            Ok(text.to_owned())
        );
        assert_eq!(template_faults(text, &plan), [], "{text}");
    }
}

#[test]
fn a_template_that_names_nothing_is_told() {
    let table = [
        (
            "{{apo.http.url}}",
            "`{{apo.http.url}}`: there is no service `apo`",
            Some("did you mean `api`?"),
        ),
        (
            "{{api.htp.url}}",
            "`{{api.htp.url}}`: the service `api` has no endpoint `htp`, but `http`, `metrics`",
            Some("did you mean `http`?"),
        ),
        (
            "{{api.http.uri}}",
            "`{{api.http.uri}}`: an endpoint has `url`, `host` and `port`, but no `uri`",
            Some("did you mean `url`?"),
        ),
        (
            "{{api.url}}",
            "`{{api.url}}` does not name both an endpoint and what of it is wanted",
            Some("expected something like `{{api.http.url}}`"),
        ),
        (
            "{{zz.http.port}}",
            "`{{zz.http.port}}`: there is no service `zz`",
            None,
        ),
    ];
    for (text, message, hint) in table {
        let expected = template::Fault {
            message: message.into(),
            hint: hint.map(str::to_owned),
        };
        assert_eq!(
            template_faults(&format!("a {text} b"), &shop()),
            [expected],
            "{text}"
        );
    }
}

#[test]
fn connection_strings_are_made_from_what_the_service_is_set_up_with() {
    // Image, endpoints, variables, connection string.
    type Row = (&'static str, &'static [&'static str], Pairs, &'static str);
    type Pairs = &'static [(&'static str, &'static str)];
    let table: [Row; 15] = [
        (
            "postgres",
            &["tcp tcp 1>5432"],
            &[],
            "Host=localhost;Port=1;Username=postgres;Database=postgres",
        ),
        (
            "docker.io/bitnami/postgresql:16@sha256:0",
            &["tcp tcp 1>5432"],
            &[
                ("POSTGRESQL_USERNAME", "u"),
                ("POSTGRESQL_PASSWORD", "p"),
                ("POSTGRESQL_DATABASE", "d"),
            ],
            "Host=localhost;Port=1;Username=u;Password=p;Database=d",
        ),
        (
            "postgres",
            &["tcp tcp 1>5432"],
            &[("POSTGRES_USER", "u"), ("POSTGRES_PASSWORD", "a;\"b ")],
            "Host=localhost;Port=1;Username=u;Password=\"a;\"\"b \";Database=u",
        ),
        (
            "mariadb:11",
            &["tcp tcp 1>3306"],
            &[("MYSQL_ROOT_PASSWORD", "r")],
            "Server=localhost;Port=1;User ID=root;Password=r",
        ),
        (
            "mysql",
            &["tcp tcp 1>3306"],
            &[
                ("MYSQL_USER", "u"),
                ("MYSQL_PASSWORD", "p"),
                ("MYSQL_DATABASE", "d"),
                ("MYSQL_ROOT_PASSWORD", "r"),
            ],
            "Server=localhost;Port=1;User ID=u;Password=p;Database=d",
        ),
        (
            "mcr.microsoft.com/mssql/server:2022-latest",
            &["tcp tcp 1>1433"],
            &[("MSSQL_SA_PASSWORD", "p")],
            "Server=localhost,1;User ID=sa;Password=p;TrustServerCertificate=true",
        ),
        ("redis:7", &["tcp tcp 1>6379"], &[], "localhost:1"),
        (
            "redis:7",
            &["tcp tcp 1>6379"],
            &[("REDIS_PASSWORD", "p")],
            "localhost:1,password=p",
        ),
        (
            "rabbitmq:3",
            &["http http 2>15672", "tcp tcp 1>5672"],
            &[],
            "amqp://guest:guest@localhost:1",
        ),
        (
            "rabbitmq:3",
            &["amqp amqp 1>5672"],
            &[
                ("RABBITMQ_DEFAULT_USER", "u"),
                ("RABBITMQ_DEFAULT_PASS", "p@/"),
                ("RABBITMQ_DEFAULT_VHOST", "v h"),
            ],
            "amqp://u:p%40%2F@localhost:1/v%20h",
        ),
        (
            "confluentinc/cp-kafka",
            &["tcp tcp 1>9092"],
            &[],
            "localhost:1",
        ),
        (
            "elasticsearch:8",
            &["http http 1>9200"],
            &[("ELASTIC_PASSWORD", "p")],
            "http://elastic:p@localhost:1",
        ),
        ("mongo", &["tcp tcp 1>27017"], &[], "mongodb://localhost:1/"),
        (
            "mongo",
            &["tcp tcp 1>27017"],
            &[
                ("MONGO_INITDB_ROOT_USERNAME", "u"),
                ("MONGO_INITDB_ROOT_PASSWORD", "p"),
                ("MONGO_INITDB_DATABASE", "d"),
            ],
            "mongodb://u:p@localhost:1/d?authSource=admin",
        ),
        (
            "my/own",
            &["db postgres 1>9"],
            &[],
            "Host=localhost;Port=1;Username=postgres;Database=postgres",
        ),
    ];
    for (name, endpoints, variables, expected) in table {
        let plan = plan(vec![
            service("api", process(), &[], &[]),
            service("s", image(name), endpoints, variables),
        ]);
        let expected = format!("ConnectionStrings__s={expected}");
        assert_eq!(
            told(&plan, "api", &["ConnectionStrings"]),
            [expected],
            "{name}"
        );
    }
}

#[test]
fn what_only_sounds_like_a_database_has_no_connection_string() {
    for name in [
        "provectuslabs/kafka-ui",
        "mongo-express",
        "postgres-exporter",
        "my/redis-commander:1",
    ] {
        let plan = plan(vec![
            service("api", process(), &[], &[]),
            service("s", image(name), &["http http 1>1"], &[]),
        ]);
        assert_eq!(
            told(&plan, "api", &["ConnectionStrings"]),
            Vec::<String>::new(),
            "{name}"
        );
    }
}

#[test]
fn an_ipv6_address_stands_in_brackets() {
    assert_eq!(
        Address {
            host: "::1".into(),
            port: 1
        }
        .to_string(),
        "[::1]:1"
    );
}
