//! Loopback, names and proxies, as programs that are started here meet them.

use super::loopback::reaches_itself;
use super::{Question, blocking, within};
use benchtop_model::doctor::facts::{Fact, NetworkFacts};
use benchtop_model::plan::{Plan, Run};
use benchtop_model::secret;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// How long a name may take. The resolver's own limit is 5 s for each name server.
const PATIENCE: Duration = Duration::from_secs(2);

/// Most names that are looked up: the registries of one environment.
const MOST_NAMES: usize = 4;

/// Where images come from that name no registry.
const HUB: &str = "registry-1.docker.io";

/// The variables by which programs find a proxy.
const PROXIES: [&str; 6] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
];

pub(super) async fn look(question: &Question) -> NetworkFacts {
    let names = question
        .plan
        .as_ref()
        .map(|plan| registries(plan))
        .unwrap_or_default();
    let lookups = futures_util::future::join_all(names.into_iter().map(|name| async {
        let found = addresses(&name).await.map(|_| ());
        (name, found)
    }));
    let (mut facts, host, servers, lookups) =
        futures_util::join!(glance(), own_name(), blocking(servers), lookups);
    facts.host = host;
    facts.servers = servers;
    facts.lookups = lookups;
    (facts.proxies, facts.no_proxy) = proxies(&question.variables);
    facts
}

/// Loopback and `localhost` alone.
pub(super) async fn glance() -> NetworkFacts {
    let (ipv4, ipv6, localhost) = futures_util::join!(
        reaches_itself(Ipv4Addr::LOCALHOST.into()),
        reaches_itself(Ipv6Addr::LOCALHOST.into()),
        addresses("localhost"),
    );
    let not_asked = || "it was not asked".to_owned();
    NetworkFacts {
        ipv4,
        ipv6,
        localhost,
        host: Err(not_asked()),
        servers: Err(not_asked()),
        lookups: Vec::new(),
        proxies: Vec::new(),
        no_proxy: None,
    }
}

async fn addresses(name: &str) -> Result<Vec<IpAddr>, String> {
    let look = async {
        let found = tokio::net::lookup_host((name, 0)).await;
        let found = found.map_err(|error| say(&error))?;
        let all: BTreeSet<IpAddr> = found.map(|address| address.ip()).collect();
        Ok(all.into_iter().collect())
    };
    within(PATIENCE, look).await
}

/// The resolver's own words, without what the standard library puts before them.
fn say(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(": ") {
        Some((_, last)) => last.to_ascii_lowercase(),
        None => text,
    }
}

async fn own_name() -> Fact<(String, Result<Vec<IpAddr>, String>)> {
    let name = sysinfo::System::host_name().map_err(|error| error.to_string())?;
    if name.is_empty() {
        return Err("this host has no name".to_owned());
    }
    let found = addresses(&name).await;
    Ok((name, found))
}

fn servers() -> Fact<Vec<String>> {
    let text = std::fs::read_to_string("/etc/resolv.conf")
        .map_err(|error| format!("/etc/resolv.conf cannot be read: {error}"))?;
    Ok(named_servers(&text))
}

fn named_servers(text: &str) -> Vec<String> {
    let server = |line: &str| {
        let rest = line.trim().strip_prefix("nameserver")?;
        Some(rest.split_whitespace().next()?.to_owned())
    };
    text.lines().filter_map(server).collect()
}

/// The registries that the images of a plan come from; a local one needs no name server.
fn registries(plan: &Plan) -> Vec<String> {
    let images = plan
        .services
        .values()
        .filter_map(|service| match &service.run {
            Run::Container(container) if container.build.is_none() => {
                Some(container.image.as_str())
            }
            _ => None,
        });
    let mut names: Vec<String> = Vec::new();
    for name in images.filter_map(registry) {
        if !names.contains(&name) && names.len() < MOST_NAMES {
            names.push(name);
        }
    }
    names
}

/// The host of an image's registry: the first part of its name, where that is a host.
fn registry(image: &str) -> Option<String> {
    let host = match image.split_once('/') {
        Some(("docker.io" | "index.docker.io", _)) => HUB,
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => {
            host.rsplit_once(':').map_or(host, |(name, _)| name)
        }
        _ => HUB,
    };
    let local = host == "localhost" || host.parse::<IpAddr>().is_ok();
    (!local).then(|| host.to_owned())
}

/// Proxy variables as they may be shown, and what they leave alone.
fn proxies(variables: &BTreeMap<String, String>) -> (Vec<(String, String)>, Option<String>) {
    let value = |key: &str| variables.get(key).filter(|value| !value.is_empty());
    let shown = |key: &str| Some((key.to_owned(), secret::mask(key, value(key)?)));
    let proxies = PROXIES.into_iter().filter_map(shown).collect();
    let no_proxy = ["no_proxy", "NO_PROXY"]
        .into_iter()
        .find_map(value)
        .cloned();
    (proxies, no_proxy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_of_an_image_is_the_host_in_its_name() {
        let table = [
            ("postgres:16", Some(HUB)),
            ("bitnami/kafka", Some(HUB)),
            ("docker.io/library/redis", Some(HUB)),
            ("ghcr.io/me/api:1", Some("ghcr.io")),
            ("registry.example:5000/api", Some("registry.example")),
            ("localhost:5000/api", None),
            ("127.0.0.1:5000/api", None),
        ];
        for (image, host) in table {
            assert_eq!(registry(image).as_deref(), host, "{image}");
        }
    }

    #[test]
    fn proxies_are_shown_without_their_passwords() {
        let variables = BTreeMap::from([
            (
                "HTTPS_PROXY".to_owned(),
                "http://me:hunter2@proxy:3128".to_owned(),
            ),
            ("http_proxy".to_owned(), String::new()),
            ("NO_PROXY".to_owned(), "localhost".to_owned()),
        ]);
        let (proxies, no_proxy) = proxies(&variables);
        assert_eq!(proxies.len(), 1, "{proxies:?}");
        assert!(!proxies[0].1.contains("hunter2"), "{proxies:?}");
        assert_eq!(no_proxy.as_deref(), Some("localhost"));
    }

    #[test]
    fn name_servers_are_read_from_their_file() {
        let text = "# nameserver 1.1.1.1\nsearch a.b\nnameserver 10.0.0.2 # ours\n nameserver fe80::1%eth0\n";
        assert_eq!(named_servers(text), ["10.0.0.2", "fe80::1%eth0"]);
    }

    #[tokio::test]
    async fn localhost_has_an_address() {
        let found = addresses("localhost").await.expect("an address");
        assert!(
            found.iter().all(IpAddr::is_loopback) && !found.is_empty(),
            "{found:?}"
        );
    }
}
