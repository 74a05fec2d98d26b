//! What is handed on to the engine: the settings of a container, how its image
//! is built, its secrets and configs.

use super::*;
use crate::plan::{HostPort, MountSource, RestartPolicy};

/// The settings of a container with these keys, as JSON without what is not set.
#[track_caller]
fn settings(keys: &str) -> String {
    let json = serde_json::to_string(&container(keys).settings).expect("plain data");
    json.replace('"', "")
}

#[test]
fn keys_of_the_engine_are_translated() {
    let table = [
        (
            "cap_add: [NET_ADMIN], cap_drop: [ALL]",
            "{cap_add:[NET_ADMIN],cap_drop:[ALL]}",
        ),
        (
            "privileged: true, read_only: true, init: false",
            "{privileged:true,read_only:true,init:false}",
        ),
        ("tty: true, stdin_open: true", "{tty:true,stdin_open:true}"),
        (
            "dns: 1.1.1.1, dns_search: [a, b]",
            "{dns:[1.1.1.1],dns_search:[a,b]}",
        ),
        (
            "extra_hosts: ['a:1.2.3.4', 'b=::1']",
            "{extra_hosts:[a:1.2.3.4,b:::1]}",
        ),
        (
            "extra_hosts: {a: 1.2.3.4, b: ['[::1]']}",
            "{extra_hosts:[a:1.2.3.4,b:::1]}",
        ),
        (
            "ipc: host, pid: 'service:db', uts: host",
            "{pid:{of:{service:db}},ipc:{mode:host},namespaces:{uts:host}}",
        ),
        ("network_mode: host", "{network:host}"),
        (
            "network_mode: 'container:x'",
            "{network:{join:{container:x}}}",
        ),
        (
            "networks: {default: {aliases: [b], ipv4_address: 10.0.0.5, priority: 2}}",
            "{networks:{default:{aliases:[b],ipv4:10.0.0.5,priority:2}}}",
        ),
        (
            "platform: linux/arm64, runtime: runsc",
            "{platform:linux/arm64,runtime:runsc}",
        ),
        ("pull_policy: always", "{pull:always}"),
        ("pull_policy: if_not_present", "{}"),
        (
            "security_opt: [a], group_add: [mail, 7]",
            "{security_opt:[a],group_add:[mail,7]}",
        ),
        (
            "shm_size: 64m, sysctls: {net.x: 1}",
            "{shm_size:67108864,sysctls:{net.x:1}}",
        ),
        ("sysctls: [net.x=1]", "{sysctls:{net.x:1}}"),
        (
            "ulimits: {nproc: 9, nofile: {soft: 1, hard: 2}}",
            "{ulimits:{nofile:{soft:1,hard:2},nproc:{soft:9,hard:9}}}",
        ),
        (
            "mem_limit: 1g, cpus: 0.5, pids_limit: 10",
            "{limits:{memory:1073741824,nano_cpus:500000000,pids:10}}",
        ),
        (
            "mem_limit: 1g, deploy: {resources: {limits: {memory: 2g, cpus: '1'}, reservations: {memory: 1k}}}",
            "{limits:{memory:2147483648,memory_reservation:1024,nano_cpus:1000000000}}",
        ),
        (
            "deploy: {resources: {reservations: {devices: [{driver: nvidia, count: all, capabilities: [gpu]}]}}}",
            "{device_requests:[{driver:nvidia,count:-1,ids:[],capabilities:[gpu]}]}",
        ),
        (
            "devices: ['/dev/a', '/dev/b:/dev/c:r', {source: /dev/d, permissions: rw}]",
            "{devices:[{source:/dev/a,target:/dev/a,permissions:rwm},{source:/dev/b,target:/dev/c,permissions:r},\
             {source:/dev/d,target:/dev/d,permissions:rw}]}",
        ),
        (
            "expose: [80, '90-91/udp']",
            "{expose:[80/tcp,90/udp,91/udp]}",
        ),
        (
            "logging: {driver: json-file, options: {max-size: 1m}}",
            "{logging:{driver:json-file,options:{max-size:1m}}}",
        ),
        (
            "domainname: d, annotations: {a: b}",
            "{domainname:d,annotations:{a:b}}",
        ),
    ];
    for (keys, expected) in table {
        assert_eq!(settings(keys), expected, "{keys}");
    }
}

#[test]
fn a_definition_without_settings_is_written_as_before() {
    let json = serde_json::to_value(container("command: x")).expect("plain data");
    let keys: Vec<_> = json.as_object().expect("a map").keys().collect();
    assert!(
        !keys.iter().any(|key| *key == "settings" || *key == "build"),
        "{keys:?}"
    );
    let old: Container = serde_json::from_value(json).expect("an older record");
    assert_eq!(old, container("command: x"));
}

#[test]
fn on_the_network_of_the_host_a_port_is_the_container_s_own() {
    let a = service("image: x, network_mode: host, ports: ['8080:80']");
    assert_eq!(a.endpoints[0].port, HostPort::Fixed(80));
    let text =
        "services: {a: {image: x, network_mode: 'service:b', ports: ['80:80']}, b: {image: x}}";
    let errors = said(text, Severity::Error);
    assert_eq!(
        errors,
        ["a port cannot be published with this `network_mode`"]
    );
}

#[test]
fn a_link_is_a_dependency_and_a_name() {
    let text = "
services:
  a: {image: x, links: ['b:database', c]}
  b: {image: x}
  c: {image: x, network_mode: 'service:b'}
";
    let plan = plan(text);
    let needs = |name: &str| {
        plan.services[name]
            .depends_on
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (needs("a"), needs("c")),
        (vec!["b".into(), "c".into()], vec!["b".into()])
    );
    let Run::Container(b) = &plan.services["b"].run else {
        panic!()
    };
    assert_eq!(b.settings.aliases, ["database"]);
    let missing = said("services: {a: {image: x, links: [b]}}", Severity::Error);
    assert_eq!(
        missing,
        ["service `a` depends on `b`, which does not exist"]
    );
}

#[test]
fn the_policy_of_deploy_counts_where_restart_is_absent() {
    let table = [
        (
            "deploy: {restart_policy: {condition: any}}",
            RestartPolicy::Always,
        ),
        (
            "deploy: {restart_policy: {condition: on-failure, max_attempts: 3}}",
            RestartPolicy::OnFailure { max: Some(3) },
        ),
        (
            "restart: 'no', deploy: {restart_policy: {condition: any}}",
            RestartPolicy::No,
        ),
    ];
    for (keys, policy) in table {
        assert_eq!(
            service(&format!("image: x, {keys}")).restart,
            policy,
            "{keys}"
        );
    }
}

#[test]
fn secrets_and_configs_are_files_or_texts() {
    let text = "
services:
  a:
    image: x
    secrets: [file, {source: env, target: other, mode: 0400}]
    configs: [text, {source: conf, target: /etc/x}]
secrets:
  file: {file: ./s.txt}
  env: {environment: SET}
configs:
  text: {content: hello}
  conf: {file: /abs}
";
    let plan = plan(text);
    let Run::Container(a) = &plan.services["a"].run else {
        panic!()
    };
    let mounts: Vec<_> = a
        .mounts
        .iter()
        .map(|m| (m.source.clone(), m.target.as_str(), m.read_only))
        .collect();
    let bind = |path: &str| MountSource::Bind(path.into());
    assert_eq!(
        mounts,
        [
            (bind("/shop/s.txt"), "/run/secrets/file", true),
            (bind("/abs"), "/etc/x", true)
        ]
    );
    let files: Vec<_> = a
        .settings
        .files
        .iter()
        .map(|f| format!("{} {} {:o}", f.target, f.content, f.mode))
        .collect();
    assert_eq!(files, ["/run/secrets/other outside 400", "/text hello 444"]);
    assert!(!format!("{:?}", a.settings.files).contains("hello"));
}

#[test]
fn what_is_wrong_with_a_secret_is_told() {
    let text = "
services: {a: {image: x, secrets: [no, gone, far, empty]}}
secrets: {gone: {environment: UNSET}, far: {external: true}, empty: {}}
";
    assert_eq!(
        said(text, Severity::Error),
        [
            "the secret `no` is not declared",
            "the secret `gone` needs the variable `UNSET`",
            "the secret `far` is external, but there is no swarm to ask",
            "the secret `empty` is empty",
        ]
    );
}

#[test]
fn memory_has_options() {
    let c = container(
        "tmpfs: ['/run:size=64m,mode=700'], volumes: [{type: tmpfs, target: /t, tmpfs: {size: 1k, mode: 01777}}]",
    );
    let options: Vec<_> = c
        .mounts
        .iter()
        .map(|m| (m.target.as_str(), m.options.as_str()))
        .collect();
    assert_eq!(
        options,
        [
            ("/t", "size=1024,mode=01777"),
            ("/run", "size=64m,mode=700")
        ]
    );
}

#[test]
fn an_image_is_built_from_a_folder() {
    let Run::Container(a) = service("build: ./src").run else {
        panic!()
    };
    let build = a.build.expect("a build");
    assert_eq!(
        (a.image.as_str(), build.context.as_str()),
        ("shop-a", "/shop/src")
    );
    let keys = "image: own, build: {context: ../b, dockerfile: D, target: t, args: [SET, NO, A=1]}";
    let Run::Container(a) = service(keys).run else {
        panic!()
    };
    let build = a.build.expect("a build");
    assert_eq!((a.image.as_str(), build.context.as_str()), ("own", "/b"));
    let args: Vec<_> = build.args.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(args, ["A=1", "SET=outside"]);
    assert_eq!(
        (build.dockerfile.as_deref(), build.target.as_deref()),
        (Some("D"), Some("t"))
    );
    let remote = container("build: {context: 'https://example.org/x.git#main'}");
    assert_eq!(
        remote.build.expect("a build").context,
        "https://example.org/x.git#main"
    );
}

#[test]
fn wrong_amounts_and_words_are_told() {
    let text = "
services:
  a:
    image: x
    mem_limit: lots
    cpus: many
    ulimits: {nofile: x}
    network_mode: hosts
    ipc: what
    pull_policy: alway
    extra_hosts: [nothing]
    expose: [abc]
";
    assert_eq!(
        said(text, Severity::Error),
        [
            "`memory` must be an amount of memory, but is `lots`",
            "`cpus` must be a number of processors, but is `many`",
            "`nofile` must be such a number, but is `x`",
            "unknown `network_mode` `hosts`",
            "unknown mode `what`",
            "unknown `pull_policy` `alway`",
            "`nothing` is not a host with its address",
            "`abc` is not a port",
        ]
    );
}
