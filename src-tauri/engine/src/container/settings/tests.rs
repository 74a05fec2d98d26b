//! Each key of a container, and where it stands in the body of the request.

use super::super::create::body;
use benchtop_model::file::load_alone;
use benchtop_model::plan::Run;
use bollard::models::ContainerCreateBody;
use std::collections::BTreeMap;

/// The body for the service `a` with these keys, beside a service `b`.
fn body_of(keys: &str) -> ContainerCreateBody {
    let text = format!("name: n\nservices: {{a: {{image: x, {keys}}}, b: {{image: y}}}}");
    let loaded = load_alone(&text);
    let plan = loaded
        .plan
        .unwrap_or_else(|| panic!("{:?}", loaded.problems));
    let a = &plan.services["a"];
    let Run::Container(container) = &a.run else {
        panic!()
    };
    body(&plan, a, container, &BTreeMap::new(), 1)
}

/// What these keys add to the host's part of the body, as JSON.
fn host(keys: &str) -> String {
    let json = |keys| serde_json::to_value(body_of(keys).host_config).expect("plain data");
    let (usual, serde_json::Value::Object(mut host)) = (json(""), json(keys)) else {
        panic!()
    };
    host.retain(|key, value| usual.get(key) != Some(value));
    serde_json::Value::Object(host).to_string().replace('"', "")
}

#[test]
fn settings_reach_the_body_of_the_request() {
    let table = [
        ("cap_add: [A], cap_drop: [B]", "{CapAdd:[A],CapDrop:[B]}"),
        (
            "privileged: true, read_only: true, init: true",
            "{Init:true,Privileged:true,ReadonlyRootfs:true}",
        ),
        ("dns: [1.1.1.1], ipc: host", "{Dns:[1.1.1.1],IpcMode:host}"),
        (
            "extra_hosts: ['a:1.2.3.4']",
            "{ExtraHosts:[host.docker.internal:host-gateway,a:1.2.3.4]}",
        ),
        ("pid: 'service:b'", "{PidMode:container:n-b-1}"),
        ("network_mode: host", "{NetworkMode:host}"),
        (
            "network_mode: 'service:b', dns: 1.1.1.1",
            "{NetworkMode:container:n-b-1}",
        ),
        (
            "shm_size: 1k, sysctls: {a: 1}",
            "{ShmSize:1024,Sysctls:{a:1}}",
        ),
        (
            "ulimits: {nofile: 9}",
            "{Ulimits:[{Hard:9,Name:nofile,Soft:9}]}",
        ),
        (
            "mem_limit: 1k, cpus: 2, pids_limit: 3",
            "{Memory:1024,NanoCpus:2000000000,PidsLimit:3}",
        ),
        (
            "devices: ['/dev/x']",
            "{Devices:[{CgroupPermissions:rwm,PathInContainer:/dev/x,PathOnHost:/dev/x}]}",
        ),
        (
            "logging: {driver: local, options: {a: b}}",
            "{LogConfig:{Config:{a:b},Type:local}}",
        ),
        (
            "cpu_quota: 5000, mem_swappiness: 0, cgroup_parent: /g, storage_opt: {size: 1G}",
            "{CgroupParent:/g,CpuQuota:5000,MemorySwappiness:0,StorageOpt:{size:1G}}",
        ),
        (
            "gpus: all, devices: ['v.com/gpu=0']",
            "{DeviceRequests:[{Capabilities:[[gpu]],Count:-1},{DeviceIDs:[v.com/gpu=0],Driver:cdi}]}",
        ),
        (
            "blkio_config: {weight: 300, weight_device: [{path: /dev/a, weight: 400}]}",
            "{BlkioWeight:300,BlkioWeightDevice:[{Path:/dev/a,Weight:400}]}",
        ),
        (
            "blkio_config: {device_read_bps: [{path: /dev/a, rate: 1k}], device_write_bps: [{path: /dev/a, rate: 2}]}",
            "{BlkioDeviceReadBps:[{Path:/dev/a,Rate:1024}],BlkioDeviceWriteBps:[{Path:/dev/a,Rate:2}]}",
        ),
        (
            "blkio_config: {device_read_iops: [{path: /dev/a, rate: 3}], device_write_iops: [{path: /dev/a, rate: 4}]}",
            "{BlkioDeviceReadIOps:[{Path:/dev/a,Rate:3}],BlkioDeviceWriteIOps:[{Path:/dev/a,Rate:4}]}",
        ),
        (
            "cpu_count: 2, cpu_percent: 50, cpu_period: 7, cpu_shares: 8, cpuset: '0,1'",
            "{CpuCount:2,CpuPercent:50,CpuPeriod:7,CpuShares:8,CpusetCpus:0,1}",
        ),
        (
            "cpu_rt_runtime: 400ms, cpu_rt_period: 1400",
            "{CpuRealtimePeriod:1400,CpuRealtimeRuntime:400000}",
        ),
        (
            "mem_reservation: 1k, memswap_limit: 2k, oom_kill_disable: true, oom_score_adj: -5",
            "{MemoryReservation:1024,MemorySwap:2048,OomKillDisable:true,OomScoreAdj:-5}",
        ),
        (
            "deploy: {resources: {limits: {cpus: '0.5', memory: 1k, pids: 9}, reservations: {memory: 1k}}}",
            "{Memory:1024,MemoryReservation:1024,NanoCpus:500000000,PidsLimit:9}",
        ),
        (
            "deploy: {resources: {reservations: {devices: [{driver: d, count: 1, capabilities: [gpu], options: {o: v}}]}}}",
            "{DeviceRequests:[{Capabilities:[[gpu]],Count:1,Driver:d,Options:{o:v}}]}",
        ),
        ("isolation: default", "{Isolation:default}"),
        (
            "dns_search: [a.b], dns_opt: ['ndots:1'], uts: host, userns_mode: host, cgroup: host",
            "{CgroupnsMode:host,DnsOptions:[ndots:1],DnsSearch:[a.b],UTSMode:host,UsernsMode:host}",
        ),
        (
            "annotations: {a: b}, device_cgroup_rules: ['c 1:3 mr']",
            "{Annotations:{a:b},DeviceCgroupRules:[c 1:3 mr]}",
        ),
        (
            "volumes: ['/h:/c:ro,rslave']",
            "{Mounts:[{BindOptions:{Propagation:rslave},ReadOnly:true,Source:/h,Target:/c,Type:bind}]}",
        ),
        (
            "volumes: [{type: volume, target: /c, volume: {nocopy: true, labels: {k: v}}}]",
            "{Mounts:[{ReadOnly:false,Target:/c,Type:volume,VolumeOptions:{Labels:{k:v},NoCopy:true}}]}",
        ),
        (
            "volumes_from: [b, 'container:c:ro']",
            "{VolumesFrom:[n-b-1:rw,c:ro]}",
        ),
        ("tmpfs: '/run:size=1k'", "{Tmpfs:{/run:size=1k}}"),
        (
            "group_add: [g], security_opt: [s], runtime: r",
            "{GroupAdd:[g],Runtime:r,SecurityOpt:[s]}",
        ),
    ];
    for (keys, expected) in table {
        let host = host(keys);
        // A network of somebody else's has no hosts of its own.
        let host = host.replace("ExtraHosts:null,", "");
        assert_eq!(host, expected, "{keys}");
    }
}

#[test]
fn names_and_ports_reach_the_body_of_the_request() {
    let body = body_of(
        "tty: true, stdin_open: true, domainname: d, expose: [70], networks: {default: {aliases: [c]}}",
    );
    assert_eq!(
        (body.tty, body.open_stdin, body.domainname.as_deref()),
        (Some(true), Some(true), Some("d"))
    );
    assert_eq!(body.exposed_ports, Some(vec!["70/tcp".to_owned()]));
    let networks = body
        .networking_config
        .and_then(|n| n.endpoints_config)
        .expect("networks");
    let aliases: Vec<_> = networks.into_values().filter_map(|n| n.aliases).collect();
    assert_eq!(aliases, [["a", "c"]]);
    let addressed = body_of("networks: {default: {ipv4_address: 10.9.0.5, priority: 3}}");
    let networks = addressed
        .networking_config
        .and_then(|n| n.endpoints_config)
        .expect("networks");
    let addresses: Vec<_> = networks
        .into_values()
        .filter_map(|n| n.ipam_config)
        .collect();
    assert_eq!(addresses[0].ipv4_address.as_deref(), Some("10.9.0.5"));
    let joined = body_of("network_mode: 'service:b', hostname: h");
    assert_eq!((joined.networking_config, joined.hostname), (None, None));
}

/// What these keys add to the body beside the host's part and the networks.
fn rest(keys: &str) -> String {
    let json = |keys| {
        let body = ContainerCreateBody {
            host_config: None,
            networking_config: None,
            env: None,
            labels: None,
            ..body_of(keys)
        };
        serde_json::to_value(body).expect("plain data")
    };
    let (usual, serde_json::Value::Object(mut all)) = (json(""), json(keys)) else {
        panic!()
    };
    all.retain(|key, value| usual.get(key) != Some(value));
    serde_json::Value::Object(all).to_string().replace('"', "")
}

#[test]
fn keys_of_the_container_itself_reach_the_body_of_the_request() {
    let table = [
        ("command: [a, b c]", "{Cmd:[a,b c]}"),
        ("command: a 'b c'", "{Cmd:[a,b c]}"),
        ("entrypoint: /run.sh x", "{Entrypoint:[/run.sh,x]}"),
        ("hostname: h, domainname: d", "{Domainname:d,Hostname:h}"),
        ("user: '1000:1000'", "{User:1000:1000}"),
        ("working_dir: /w", "{WorkingDir:/w}"),
        ("tty: true, stdin_open: true", "{OpenStdin:true,Tty:true}"),
        ("stop_signal: SIGUSR1", "{StopSignal:SIGUSR1}"),
        ("expose: ['70-71']", "{ExposedPorts:{70/tcp:{},71/tcp:{}}}"),
        ("ports: ['8080:80/udp']", "{ExposedPorts:{80/udp:{}}}"),
        (
            "healthcheck: {test: x, interval: 1s, timeout: 2s, retries: 3, start_period: 4s, start_interval: 5s}",
            "{Healthcheck:{Interval:1000000000,Retries:3,StartInterval:5000000000,\
             StartPeriod:4000000000,Test:[CMD-SHELL,x],Timeout:2000000000}}",
        ),
        (
            "healthcheck: {disable: true}",
            "{Healthcheck:{Test:[NONE]}}",
        ),
    ];
    for (keys, expected) in table {
        assert_eq!(rest(keys), expected, "{keys}");
    }
    let full = body_of("environment: {A: '1'}, labels: {l: m}");
    let environment = full.env.expect("variables");
    assert!(environment.contains(&"A=1".to_owned()), "{environment:?}");
    assert_eq!(full.labels.expect("labels")["l"], "m");
}

#[test]
fn what_concerns_one_network_reaches_its_endpoint() {
    let body = body_of(
        "mac_address: '02:42:ac:11:65:43', external_links: ['other:o'], \
         networks: {default: {interface_name: eth9, link_local_ips: [169.254.8.8], driver_opts: {x: y}}}",
    );
    let networks = body.networking_config.and_then(|n| n.endpoints_config);
    let endpoint = networks.and_then(|all| all.into_values().next());
    let endpoint = endpoint.expect("a network");
    assert_eq!(endpoint.mac_address.as_deref(), Some("02:42:ac:11:65:43"));
    assert_eq!(endpoint.links, Some(vec!["other:o".to_owned()]));
    let options = endpoint.driver_opts.expect("options");
    assert_eq!(options["com.docker.network.endpoint.ifname"], "eth9");
    assert_eq!(options["x"], "y");
    let addresses = endpoint.ipam_config.and_then(|own| own.link_local_ips);
    assert_eq!(addresses, Some(vec!["169.254.8.8".to_owned()]));
}

/// The keys of services that real files have, by how often, as counted over 649
/// of them; and what becomes of each: the test where it is seen, or why it is not
/// in the body of the request.
const COUNTED: [(&str, &str); 57] = [
    ("image", "body"),
    ("environment", "body"),
    ("ports", "body"),
    ("volumes", "body"),
    ("restart", "the supervisor restarts"),
    ("depends_on", "the supervisor waits"),
    ("container_name", "the name of the request"),
    ("networks", "body"),
    ("build", "a request of its own"),
    ("command", "body"),
    ("healthcheck", "body"),
    ("expose", "body"),
    ("hostname", "body"),
    ("deploy", "body"),
    ("env_file", "variables"),
    ("entrypoint", "body"),
    ("labels", "body"),
    ("logging", "body"),
    ("profiles", "which services there are"),
    ("pull_policy", "when the image is fetched"),
    ("user", "body"),
    ("network_mode", "body"),
    ("links", "names on the network"),
    ("extra_hosts", "body"),
    ("secrets", "files of the container"),
    ("cap_add", "body"),
    ("read_only", "body"),
    ("dns", "body"),
    ("cap_drop", "body"),
    ("stop_grace_period", "the request to stop"),
    ("privileged", "body"),
    ("platform", "the query of the request"),
    ("stop_signal", "body"),
    ("tmpfs", "body"),
    ("tty", "body"),
    ("stdin_open", "body"),
    ("ulimits", "body"),
    ("security_opt", "body"),
    ("models", "warned of"),
    ("use_api_socket", "warned of"),
    ("extends", "other files"),
    ("init", "body"),
    ("shm_size", "body"),
    ("develop", "warned of"),
    ("sysctls", "body"),
    ("devices", "body"),
    ("working_dir", "body"),
    ("ipc", "body"),
    ("attach", "nothing is attached to a terminal"),
    ("configs", "files of the container"),
    ("scale", "several services"),
    ("pids_limit", "body"),
    ("pid", "body"),
    ("mem_limit", "body"),
    ("memswap_limit", "body"),
    ("runtime", "body"),
    ("group_add", "body"),
];

#[test]
fn every_key_that_real_files_have_is_seen_or_its_place_is_named() {
    let tests = include_str!("tests.rs");
    let (tests, _) = tests.split_once("const COUNTED").expect("this list");
    for (key, what) in COUNTED.iter().filter(|(_, what)| *what == "body") {
        let written = tests.contains(&format!("{key}: ")) || *key == "image";
        assert!(
            written,
            "{key} is said to be in the {what}, but in no table"
        );
    }
    // A key that is not translated is a warning with its place, never silence.
    for (key, _) in COUNTED.iter().filter(|(_, what)| *what == "warned of") {
        let said = load_alone(&format!("services: {{a: {{image: x, {key}: }}}}")).problems;
        assert!(
            said.iter().any(|p| p.message.contains(key)),
            "{key}: {said:?}"
        );
    }
}
