//! What is compared of a resolved project: theirs and ours, in one form.

use benchtop_model::plan::{
    Attachment, Condition, Container, HostPort, MountSource, Namespace, Network, Owner, Plan,
    Protocol, Run, Service,
};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Every fact that is not the same, one line each.
pub(crate) fn differences(project: &Value, ours: &Plan) -> Vec<String> {
    let empty = Map::new();
    let services = project["services"].as_object().unwrap_or(&empty);
    let mut all = Vec::new();
    // Several instances are several services for us, and none is none.
    let count = |service: &Value| {
        let scale = service["scale"].as_u64();
        scale
            .or(service["deploy"]["replicas"].as_u64())
            .unwrap_or(1)
    };
    let running = services.iter().filter(|(_, service)| count(service) > 0);
    let names: BTreeSet<&String> = running.map(|(name, _)| name).collect();
    let first = ours
        .services
        .values()
        .filter(|service| number(service) == 1);
    let own: BTreeSet<&String> = first.map(|service| &service.name).collect();
    if names != own {
        all.push(format!("services {names:?}, ours {own:?}"));
    }
    for (name, theirs) in services {
        let Some(service) = ours.services.get(name) else {
            continue;
        };
        let instances = ours.services.values().filter(|s| of(s) == name).count();
        if count(theirs) != instances as u64 {
            all.push(format!(
                "{name}: {} instances, ours {instances}",
                count(theirs)
            ));
        }
        let facts = facts(theirs, project, service, ours).into_iter();
        let others = facts.filter(|(_, theirs, ours)| theirs != ours);
        all.extend(others.map(|(key, a, b)| format!("{name}.{key}: {a}, ours {b}")));
    }
    all
}

/// Which of several instances a service is, from 1.
fn number(service: &Service) -> u32 {
    let Run::Container(container) = &service.run else {
        return 1;
    };
    container.settings.replica.as_ref().map_or(1, |r| r.number)
}

/// The service as it is written.
fn of(service: &Service) -> &String {
    match &service.run {
        Run::Container(container) => container
            .settings
            .replica
            .as_ref()
            .map_or(&service.name, |r| &r.of),
        _ => &service.name,
    }
}

type Fact = (&'static str, Value, Value);

fn facts(theirs: &Value, project: &Value, ours: &Service, plan: &Plan) -> Vec<Fact> {
    let Run::Container(container) = &ours.run else {
        return Vec::new();
    };
    let mut facts = plain(theirs, container);
    facts.extend([
        (
            "environment",
            set(&theirs["environment"]),
            json!(ours.environment),
        ),
        ("ports", their_ports(theirs), our_ports(ours)),
        (
            "depends_on",
            their_dependencies(theirs),
            our_dependencies(ours, plan),
        ),
        (
            "volumes",
            their_mounts(theirs),
            our_mounts(theirs, container),
        ),
        ("secrets", granted(theirs, container), json!([])),
    ]);
    facts.extend(healthcheck(&theirs["healthcheck"], container));
    facts.extend(build(&theirs["build"], container));
    facts.extend(network(theirs, project, container, plan));
    if let Some(image) = theirs["image"].as_str() {
        facts.push(("image", json!(image), json!(container.image)));
    }
    facts
}

/// Those that are texts, flags and lists on both sides; what is not written is
/// nothing.
fn plain(theirs: &Value, container: &Container) -> Vec<Fact> {
    let own = &container.settings;
    let pairs: [(&'static str, Value); 22] = [
        ("command", json!(container.command)),
        ("entrypoint", json!(container.entrypoint)),
        ("container_name", json!(container.container_name)),
        ("hostname", json!(container.hostname)),
        ("domainname", json!(own.domainname)),
        ("user", json!(container.user)),
        ("working_dir", json!(container.working_dir)),
        ("labels", json!(container.labels)),
        ("cap_add", json!(own.cap_add)),
        ("cap_drop", json!(own.cap_drop)),
        ("privileged", json!(own.privileged)),
        ("read_only", json!(own.read_only)),
        ("tty", json!(own.tty)),
        ("stdin_open", json!(own.stdin_open)),
        ("init", json!(own.init)),
        ("platform", json!(own.platform)),
        ("runtime", json!(own.runtime)),
        ("sysctls", json!(own.sysctls)),
        ("security_opt", json!(own.security_opt)),
        ("dns", json!(own.dns)),
        ("group_add", json!(own.group_add)),
        ("annotations", json!(own.annotations)),
    ];
    let facts = pairs.into_iter();
    facts
        .map(|(key, ours)| (key, something(&theirs[key]), something(&ours)))
        .collect()
}

/// Empty, false and absent are the same.
fn something(value: &Value) -> Value {
    let is_empty = match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Number(_) => false,
    };
    if is_empty { Value::Null } else { value.clone() }
}

/// What is only passed through, and not set, is nothing.
fn set(value: &Value) -> Value {
    let all = value.as_object().into_iter().flatten();
    let set = all.filter(|(_, value)| !value.is_null());
    Value::Object(set.map(|(k, v)| (k.clone(), v.clone())).collect())
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value[key].as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// `ADDRESS:PUBLISHED>TARGET/PROTOCOL`; a range leaves the choice open.
fn their_ports(service: &Value) -> Value {
    let port = |port: &Value| {
        let published = port["published"].as_str();
        let fixed = published.filter(|text| !text.contains('-'));
        format!(
            "{}:{}>{}/{}",
            text(&port["host_ip"]),
            fixed.unwrap_or("auto"),
            port["target"],
            text(&port["protocol"])
        )
    };
    json!(list(service, "ports").map(port).collect::<BTreeSet<_>>())
}

fn our_ports(service: &Service) -> Value {
    let all = service.endpoints.iter().map(|endpoint| {
        let port = match endpoint.port {
            HostPort::Fixed(port) => port.to_string(),
            HostPort::Auto => "auto".to_owned(),
        };
        let protocol = match endpoint.protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        };
        format!(
            "{}:{port}>{}/{protocol}",
            endpoint.host.as_deref().unwrap_or_default(),
            endpoint.target.unwrap_or_default()
        )
    });
    json!(all.collect::<BTreeSet<_>>())
}

fn their_dependencies(service: &Value) -> Value {
    let all = service["depends_on"].as_object().into_iter().flatten();
    let each = all.map(|(name, on)| {
        let flag = |key: &str, usual: bool| on[key].as_bool().unwrap_or(usual);
        let all = (
            text(&on["condition"]),
            flag("required", true),
            flag("restart", false),
        );
        (name.clone(), json!(all))
    });
    Value::Object(each.collect())
}

fn our_dependencies(service: &Service, plan: &Plan) -> Value {
    let all = service.depends_on.iter();
    let first = all.filter(|(name, _)| plan.services.get(*name).is_some_and(|s| number(s) == 1));
    let each = first.map(|(name, on)| {
        let condition = match on.condition {
            Condition::Started => "service_started",
            Condition::Healthy => "service_healthy",
            Condition::CompletedSuccessfully => "service_completed_successfully",
        };
        (name.clone(), json!((condition, on.required, on.restart)))
    });
    Value::Object(each.collect())
}

fn tidy(target: &str) -> &str {
    match target.trim_end_matches('/') {
        "" => target,
        tidy => tidy,
    }
}

fn their_mounts(service: &Value) -> Value {
    let volume = |mount: &Value| {
        let source = text(&mount["source"]);
        let is_bind = mount["type"] == "bind";
        let source = if is_bind { tidy(source) } else { source };
        let mode = if mount["read_only"] == true {
            "ro"
        } else {
            "rw"
        };
        format!(
            "{} {source} {} {mode}",
            text(&mount["type"]),
            tidy(text(&mount["target"]))
        )
    };
    let memory = |mount: &Value| {
        let target = text(mount).split(':').next().unwrap_or_default();
        format!("tmpfs  {} rw", tidy(target))
    };
    let all = list(service, "volumes").map(volume);
    let all = all.chain(list(service, "tmpfs").map(memory));
    json!(all.collect::<BTreeSet<_>>())
}

/// Without the secrets and configs, which are mounts for us.
fn our_mounts(theirs: &Value, container: &Container) -> Value {
    let granted = grants(theirs);
    let mounts = container
        .mounts
        .iter()
        .filter(|m| !granted.contains(&m.target));
    let all = mounts.map(|mount| {
        let (kind, source) = match &mount.source {
            MountSource::Bind(path) => ("bind", path.display().to_string()),
            MountSource::Volume(name) => ("volume", name.clone()),
            MountSource::Anonymous => ("volume", String::new()),
            MountSource::Tmpfs => ("tmpfs", String::new()),
            MountSource::Image(name) => ("image", name.clone()),
        };
        let mode = if mount.read_only { "ro" } else { "rw" };
        let source = if kind == "bind" {
            tidy(&source)
        } else {
            &source
        };
        format!("{kind} {source} {} {mode}", tidy(&mount.target))
    });
    json!(all.collect::<BTreeSet<_>>())
}

/// Where secrets and configs lie in the container.
fn grants(service: &Value) -> BTreeSet<String> {
    let place = |grant: &Value, folder: &str| {
        let target = grant["target"].as_str().unwrap_or(text(&grant["source"]));
        match target.starts_with('/') {
            true => target.to_owned(),
            false => format!("{folder}/{target}"),
        }
    };
    let secrets = list(service, "secrets").map(|s| place(s, "/run/secrets"));
    let configs = list(service, "configs").map(|c| place(c, ""));
    secrets.chain(configs).collect()
}

/// The secrets and configs that the container does not get.
fn granted(theirs: &Value, container: &Container) -> Value {
    let mounts = container.mounts.iter().map(|m| m.target.as_str());
    let files = container.settings.files.iter().map(|f| f.target.as_str());
    let own: BTreeSet<&str> = mounts.chain(files).collect();
    let missing = grants(theirs).into_iter();
    json!(
        missing
            .filter(|t| !own.contains(t.as_str()))
            .collect::<Vec<_>>()
    )
}

fn healthcheck(theirs: &Value, container: &Container) -> Vec<Fact> {
    let Some(test) = theirs["test"].as_array().filter(|test| !test.is_empty()) else {
        return Vec::new();
    };
    let own = container.healthcheck.as_ref();
    let span =
        |span: fn(&benchtop_model::plan::Healthcheck) -> Option<benchtop_model::time::Millis>| {
            json!(own.and_then(span).map(|span| span.0))
        };
    vec![
        ("healthcheck.test", json!(test), json!(own.map(|h| &h.test))),
        (
            "healthcheck.interval",
            millis(&theirs["interval"]),
            span(|h| h.interval),
        ),
        (
            "healthcheck.timeout",
            millis(&theirs["timeout"]),
            span(|h| h.timeout),
        ),
        (
            "healthcheck.start_period",
            millis(&theirs["start_period"]),
            span(|h| h.start_period),
        ),
        (
            "healthcheck.retries",
            theirs["retries"].clone(),
            json!(own.and_then(|h| h.retries)),
        ),
    ]
}

/// Go's `1m30s` in milliseconds.
fn millis(value: &Value) -> Value {
    let Some(mut rest) = value.as_str() else {
        return Value::Null;
    };
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap();
        let (number, after) = rest.split_at(digits);
        let unit = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let factor = match unit {
            "h" => 3_600_000.0,
            "m" => 60_000.0,
            "s" => 1000.0,
            "ms" => 1.0,
            "µs" => 0.001,
            other => panic!("unknown unit {other}"),
        };
        sum += number.parse::<f64>().unwrap() * factor;
        rest = after;
    }
    json!(sum as u64)
}

fn build(theirs: &Value, container: &Container) -> Vec<Fact> {
    if theirs.is_null() {
        return vec![("build", json!(false), json!(container.build.is_some()))];
    }
    let Some(own) = container.build.as_deref() else {
        return vec![("build", json!(true), json!(false))];
    };
    let dockerfile = own.dockerfile.as_deref().unwrap_or("Dockerfile");
    let inline = own.dockerfile_inline.as_deref();
    vec![
        (
            "build.context",
            json!(tidy(text(&theirs["context"]))),
            json!(tidy(&own.context)),
        ),
        match inline {
            Some(inline) => (
                "build.dockerfile_inline",
                theirs["dockerfile_inline"].clone(),
                json!(inline),
            ),
            None => (
                "build.dockerfile",
                theirs["dockerfile"].clone(),
                json!(dockerfile),
            ),
        },
        (
            "build.target",
            something(&theirs["target"]),
            json!(own.target),
        ),
        ("build.args", set(&theirs["args"]), json!(own.args)),
    ]
}

/// The networks of a service: key, name in the engine where it is fixed, and
/// addresses.
fn their_networks(service: &Value, project: &Value) -> Value {
    let all = service["networks"].as_object().into_iter().flatten();
    let each = all.map(|(key, own)| {
        let network = &project["networks"][key];
        let usual = format!("{}_{key}", text(&project["name"]));
        let name = network["name"].as_str().filter(|name| *name != usual);
        let list = |key: &str| something(&own[key]);
        let flags = [&network["external"], &network["internal"]].map(something);
        let subnets: Vec<_> = list_of(&network["ipam"], "config", "subnet");
        (
            key.clone(),
            json!([name, list("aliases"), list("ipv4_address"), flags, subnets]),
        )
    });
    Value::Object(each.collect())
}

fn list_of(value: &Value, key: &str, field: &str) -> Vec<String> {
    list(value, key)
        .map(|item| text(&item[field]).to_owned())
        .collect()
}

fn our_networks(container: &Container, plan: &Plan) -> Value {
    let own = &container.settings;
    if own.network != Network::Shared {
        return json!({});
    }
    let usual = BTreeMap::from([("default".to_owned(), Attachment::default())]);
    let all = if own.networks.is_empty() {
        &usual
    } else {
        &own.networks
    };
    let each = all.iter().map(|(key, attachment)| {
        let network = plan.networks.get(key).cloned().unwrap_or_default();
        let flags = [network.external, network.internal].map(|flag| something(&json!(flag)));
        let subnets: Vec<_> = network
            .pools
            .iter()
            .map(|p| p.subnet.clone().unwrap_or_default())
            .collect();
        let aliases = something(&json!(attachment.aliases));
        (
            key.clone(),
            json!([network.name, aliases, attachment.ipv4, flags, subnets]),
        )
    });
    Value::Object(each.collect())
}

fn network(theirs: &Value, project: &Value, container: &Container, plan: &Plan) -> Vec<Fact> {
    let owner = |owner: &Owner| match owner {
        Owner::Service(name) => format!("service:{name}"),
        Owner::Container(name) => format!("container:{name}"),
    };
    let own = &container.settings;
    let mode = match &own.network {
        Network::Shared => Value::Null,
        Network::Host => json!("host"),
        Network::None => json!("none"),
        Network::Bridge => json!("bridge"),
        Network::Join(of) => json!(owner(of)),
    };
    let namespace = |namespace: &Option<Namespace>| match namespace {
        None => Value::Null,
        Some(Namespace::Mode(mode)) => json!(mode),
        Some(Namespace::Of(of)) => json!(owner(of)),
    };
    vec![
        (
            "networks",
            their_networks(theirs, project),
            our_networks(container, plan),
        ),
        ("network_mode", theirs["network_mode"].clone(), mode),
        ("pid", something(&theirs["pid"]), namespace(&own.pid)),
        ("ipc", something(&theirs["ipc"]), namespace(&own.ipc)),
    ]
}
