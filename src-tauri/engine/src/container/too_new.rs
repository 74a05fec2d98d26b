//! What a definition asks for that the engine which answers does not know yet, and
//! passes over without a word. Pure.

use super::instance::Launch;
use benchtop_model::plan::MountSource;

/// A sentence for each such thing; `api` is the version that was agreed upon.
pub(super) fn told(launch: &Launch<'_>, api: &str) -> Vec<String> {
    let asked = asked(launch).into_iter();
    asked
        .filter(|(_, since, _)| version(api) < version(since))
        .map(|(what, since, engine)| {
            format!(
                "{what} has no effect: the container engine speaks API {api}, \
                 and knows it from {since} (Docker {engine}) on"
            )
        })
        .collect()
}

/// What is asked for, the API since which it is known, and the Docker of that API.
fn asked(launch: &Launch<'_>) -> Vec<(&'static str, &'static str, &'static str)> {
    let container = launch.container;
    let own = &container.settings;
    let check = container.healthcheck.as_ref();
    let mut attachments = own.networks.values();
    let mut networks = own.networks.keys().map(|key| launch.plan.networks.get(key));
    let is_part = |mount: &benchtop_model::plan::Mount| {
        matches!(mount.source, MountSource::Volume(_)) && mount.options.starts_with("subpath=")
    };
    let all = [
        (
            check.is_some_and(|check| check.start_interval.is_some()),
            ("`start_interval` of `healthcheck`", "1.44", "25"),
        ),
        (
            attachments.any(|own| own.mac_address.is_some()),
            ("`mac_address`", "1.44", "25"),
        ),
        (
            container.mounts.iter().any(is_part),
            ("`subpath` of a volume", "1.45", "26"),
        ),
        (
            networks.any(|network| network.is_some_and(|n| n.ipv4.is_some())),
            ("`enable_ipv4`", "1.48", "28"),
        ),
    ];
    let wanted = all.into_iter().filter(|(wanted, _)| *wanted);
    wanted.map(|(_, said)| said).collect()
}

/// `1.41` as two numbers that can be compared.
fn version(text: &str) -> (u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use benchtop_model::file;
    use benchtop_model::plan::Run;
    use std::collections::BTreeMap;

    #[test]
    fn only_what_is_asked_for_and_not_known_is_told() {
        let plan = file::load_alone(
            "services:
  a: {image: x, mac_address: '02:42:ac:11:65:43', healthcheck: {test: x, start_interval: 1s}}
  b: {image: x, networks: [n], volumes: [{type: volume, source: v, target: /v, volume: {subpath: s}}]}
  c: {image: x}
volumes: {v: }
networks: {n: {enable_ipv4: false}}
",
        )
        .plan
        .expect("a plan");
        let told = |name: &str, api: &str| {
            let service = &plan.services[name];
            let Run::Container(container) = &service.run else {
                panic!("a container")
            };
            let cancel = tokio_util::sync::CancellationToken::new();
            let launch = Launch {
                plan: &plan,
                service,
                container,
                ports: &BTreeMap::new(),
                generation: 1,
                telemetry: &BTreeMap::new(),
                fresh: false,
                cancel: &cancel,
            };
            let all = super::told(&launch, api).into_iter();
            all.filter_map(|line| line.split('`').nth(1).map(str::to_owned))
                .collect::<Vec<_>>()
        };
        assert_eq!(told("a", "1.41"), ["start_interval", "mac_address"]);
        assert_eq!(told("b", "1.44"), ["subpath", "enable_ipv4"]);
        assert_eq!(told("b", "1.47"), ["enable_ipv4"]);
        assert_eq!(told("c", "1.9"), Vec::<String>::new());
        assert_eq!(told("a", "1.51"), Vec::<String>::new());
    }
}
