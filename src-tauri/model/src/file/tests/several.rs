//! Several networks, and several instances of one service.

use super::{load_with, said};
use crate::plan::{HostPort, Plan, Run};
use crate::problem::Severity;

fn plan(text: &str) -> Plan {
    let loaded = load_with(text, &[], &[]);
    loaded
        .plan
        .unwrap_or_else(|| panic!("{:?}", loaded.problems))
}

#[test]
fn networks_that_are_used_are_in_the_plan_with_all_that_is_said_of_them() {
    let plan = plan(
        "
services:
  a: {image: x, networks: [front, back]}
  b: {image: x}
networks:
  front: {name: f, driver: bridge, ipam: {config: [{subnet: 10.1.0.0/16, gateway: 10.1.0.1}]}}
  back: {external: true}
  idle: {}
",
    );
    let keys: Vec<_> = plan.networks.keys().map(String::as_str).collect();
    assert_eq!(keys, ["back", "front"]);
    let (back, front) = (&plan.networks["back"], &plan.networks["front"]);
    assert_eq!((back.external, back.name.as_deref()), (true, Some("back")));
    assert_eq!(front.pools[0].subnet.as_deref(), Some("10.1.0.0/16"));
    let Run::Container(b) = &plan.services["b"].run else {
        panic!()
    };
    assert!(b.settings.networks.is_empty(), "the environment's own");
}

#[test]
fn networks_are_checked() {
    let text = "
services:
  a: {image: x, networks: [frnt], references: [b]}
  b: {image: x, networks: {back: {ipv4_address: ten}}, endpoints: {http: 80}}
networks: {front: {}, back: {}}
";
    assert_eq!(
        said(text, Severity::Error),
        [
            "the network `frnt` is not declared",
            "`ten` is not an address of this family",
        ]
    );
    assert_eq!(
        said(text, Severity::Warning),
        ["`a` references `b`, but they share no network"]
    );
}

#[test]
fn several_instances_are_services_of_their_own_that_share_a_name() {
    let plan = plan(
        "
name: shop
services:
  web: {image: x, scale: 3, ports: [80]}
  job: {image: x, depends_on: {web: {condition: service_healthy}, none: {condition: service_started}}}
  none: {image: x, deploy: {replicas: 0}}
",
    );
    let names: Vec<_> = plan.services.keys().map(String::as_str).collect();
    assert_eq!(names, ["job", "web", "web-2", "web-3"]);
    let waits: Vec<_> = plan.services["job"].depends_on.keys().collect();
    assert_eq!(
        waits,
        ["web", "web-2", "web-3"],
        "all of them, and not for none"
    );
    let second = &plan.services["web-2"];
    assert_eq!(second.endpoints[0].port, HostPort::Auto);
    let Run::Container(container) = &second.run else {
        panic!()
    };
    assert_eq!(container.container_name.as_deref(), Some("shop-web-2"));
    assert_eq!(container.settings.aliases, ["web"]);
}

#[test]
fn what_there_can_only_be_one_of_is_refused() {
    let text = "
services:
  a: {image: x, scale: 2, ports: ['80:80']}
  b: {image: x, scale: 2, container_name: fixed}
  c: {image: x, scale: 2, deploy: {replicas: 3}}
  d: {image: x, scale: 101}
  e: {process: x, scale: 2}
";
    assert_eq!(
        said(text, Severity::Error),
        [
            "`a` has 2 instances, but only one can have this port",
            "only one container can be called `fixed`",
            "`scale` and `deploy.replicas` differ",
            "a service may have 100 instances at the most",
        ]
    );
}
