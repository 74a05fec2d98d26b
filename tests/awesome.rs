//! The projects of awesome-compose, as they are: they start where their images can
//! be stood in for by local ones, and the others are made up to the point where a
//! container would be started.
//!
//! Only some in the usual gate, all of them with `BENCHTOP_FULL=1`. The projects
//! are not part of the repository: `BENCHTOP_CORPUS` names the folder of the
//! corpus, which is otherwise looked for beside the checkout.

use benchtop_api::model::plan::{HostPort, Plan, Protocol, Run, Service};
use benchtop_engine::container::instance::{self, Launch};
use benchtop_engine::container::runtime::{self, Runtime, discover::Surroundings};
use benchtop_tests::stand_in::{self, StandIn};
use benchtop_tests::{Home, docker, eventually};
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is started where time is short: a build, a database with secrets and a
/// health check behind nginx, two networks, restart policies.
const SHORT: [&str; 4] = [
    "flask-redis",
    "nginx-golang-mysql",
    "gitea-postgres",
    "nextcloud-redis-mariadb",
];

/// Those that are not started, with the reason.
const NOT_STARTED: [(&str, &str); 7] = [
    (
        "aspnet-mssql",
        "its health check needs the tools of SQL Server",
    ),
    (
        "pihole-cloudflared-DoH",
        "it takes the machine's name service and folders of /etc",
    ),
    ("plex", "it is in the network of this machine"),
    (
        "prometheus-grafana",
        "both are asked in their own protocol whether they are ready",
    ),
    ("wireguard", "it loads modules into the kernel"),
    ("wasmedge-kafka-mysql", WASM),
    ("wasmedge-mysql-nginx", WASM),
];

const WASM: &str = "the engine has no runtime for WebAssembly";

/// How many must really start, as the project wants it.
const WANTED: usize = 20;

#[test]
fn projects_of_others_start_as_they_are() {
    const NAME: &str = "projects_of_others_start_as_they_are";
    let Some(corpus) = corpus() else {
        println!("SKIPPED {NAME}: there is no corpus; BENCHTOP_CORPUS names its folder");
        return;
    };
    if !docker(NAME) {
        return;
    }
    let full = std::env::var_os("BENCHTOP_FULL").is_some();
    let user = tempfile::tempdir().expect("a home folder");
    let home = Home::new().with("HOME", user.path().display().to_string());
    let (mut started, mut made, mut faults) = (Vec::new(), Vec::new(), Vec::new());
    for name in names(&corpus) {
        let begun = Instant::now();
        let reason = NOT_STARTED.iter().find(|(known, _)| *known == name);
        if !full && !SHORT.contains(&name.as_str()) && reason.is_none_or(|(_, why)| *why == WASM) {
            continue;
        }
        let project = StandIn::of(&corpus.join(&name), user.path()).expect("the test images");
        let held = fixed_ports(&project.plan).find(|port| !is_free(*port));
        let held = held.map(|port| format!("port {port} of this machine is taken"));
        let outcome = match (reason.map(|(_, why)| (*why).to_owned()), held) {
            (None, None) => start(&home, &project).map(|()| started.push(name.clone())),
            (Some(why), _) | (None, Some(why)) => {
                make(project, &why).map(|()| made.push(format!("{name} ({why})")))
            }
        };
        if let Err(fault) = outcome {
            faults.push(format!("{name}: {fault}"));
        }
        println!("{name}: {:.1} s", begun.elapsed().as_secs_f64());
    }
    println!(
        "{} projects really start: {}",
        started.len(),
        started.join(", ")
    );
    println!(
        "{} are made up to the start: {}",
        made.len(),
        made.join(", ")
    );
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let wanted = if full { WANTED } else { 1 };
    assert!(
        started.len() >= wanted,
        "{} of {wanted} start",
        started.len()
    );
}

fn corpus() -> Option<PathBuf> {
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let folder = std::env::var_os("BENCHTOP_CORPUS").map_or(usual, PathBuf::from);
    folder.join("compose/awesome-compose").canonicalize().ok()
}

fn names(corpus: &Path) -> Vec<String> {
    let folders = std::fs::read_dir(corpus).expect("projects");
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
    let mut names: Vec<String> = folders
        .map(|entry| name(entry).to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn fixed_ports(plan: &Plan) -> impl Iterator<Item = u16> {
    let endpoints = plan.services.values().flat_map(|s| &s.endpoints);
    endpoints.filter_map(|endpoint| match endpoint.port {
        HostPort::Fixed(port) => Some(port),
        HostPort::Auto => None,
    })
}

fn is_free(port: u16) -> bool {
    let all = ["127.0.0.1", "0.0.0.0"].into_iter();
    all.map(|host| TcpListener::bind((host, port)))
        .all(|bound| bound.is_ok())
}

/// Starts a project with `up`, sees that all of it is well, and removes it.
fn start(home: &Home, project: &StandIn) -> Result<(), String> {
    let file = project.file.display().to_string();
    let up = ["up", "-f", &file, "--wait", "--detach", "--timeout", "120s"];
    let up = home.benchtop(&up);
    let well = match up.code {
        0 => all_well(home, &file, project),
        _ => Err(format!("{}{}", up.stdout, up.stderr)),
    };
    let anonymous = anonymous_volumes(&project.plan);
    let down = home.benchtop(&["down", "-f", &file]);
    for volume in anonymous {
        // It may have gone with its container.
        _ = stand_in::docker(&["volume", "rm", "-f", &volume]);
    }
    well?;
    match down.code {
        0 => Ok(()),
        _ => Err(format!(
            "it does not go down: {}{}",
            down.stdout, down.stderr
        )),
    }
}

fn all_well(home: &Home, file: &str, project: &StandIn) -> Result<(), String> {
    let status = home.status(&["-f", file]);
    let services = status["services"].as_array().ok_or("no services")?;
    for service in services {
        if service["status"] != "Healthy" {
            return Err(format!("{} is {}", service["name"], service["status"]));
        }
    }
    if services.len() != project.plan.services.len() {
        return Err(format!("{} services run", services.len()));
    }
    for service in project.plan.services.values() {
        if project.speaks_http(service) {
            answers(service);
        }
    }
    Ok(())
}

/// Each published port is answered by the stand-in, through nginx where there is
/// one in front of it.
fn answers(service: &Service) {
    for endpoint in &service.endpoints {
        let (HostPort::Fixed(port), Protocol::Tcp) = (endpoint.port, endpoint.protocol) else {
            continue;
        };
        eventually(&format!("{} answers at {port}", service.name), || {
            let text = get(port).map_err(|e| e.to_string())?;
            match text.contains("stand-in of") {
                true => Ok(()),
                false => Err(text),
            }
        });
    }
}

fn get(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// Volumes without a name stay behind when their container is removed.
fn anonymous_volumes(plan: &Plan) -> Vec<String> {
    let label = format!("label=com.docker.compose.project={}", plan.name);
    let list = ["ps", "-aq", "--filter", &label];
    let ids = stand_in::docker(&list).unwrap_or_default();
    let format = "{{range .Mounts}}{{if eq .Type \"volume\"}}{{.Name}} {{end}}{{end}}";
    let mounts = |id: &str| stand_in::docker(&["inspect", "-f", format, id]).unwrap_or_default();
    let names = ids.lines().flat_map(|id| {
        let all = mounts(id);
        all.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    names.filter(|name| name.len() == 64).collect()
}

/// Sends the whole request for each container to the engine, and removes what
/// came of it.
fn make(mut project: StandIn, why: &str) -> Result<(), String> {
    project.keep_inside();
    let tokio = tokio::runtime::Runtime::new().expect("a runtime");
    tokio.block_on(async {
        let wish = runtime::Wish {
            surroundings: Arc::new(Surroundings::of(&BTreeMap::new())),
            ..runtime::Wish::default()
        };
        let runtime = runtime::connect(&wish).await;
        let runtime = runtime.map_err(|problem| format!("{problem:?}"))?;
        let mut outcome = Ok(());
        for service in project.plan.services.values() {
            let made = make_one(&runtime, &project.plan, service).await;
            let refused = made.as_ref().err().is_some_and(|cause| is_refusal(cause));
            if let Err(cause) = made
                && !(why == WASM && refused)
            {
                outcome = Err(format!("{}: {cause}", service.name));
                break;
            }
        }
        let removed = instance::remove_all(&runtime, &project.plan).await;
        outcome.and(removed)
    })
}

/// The engine's own words for a runtime or a platform that it does not have.
fn is_refusal(cause: &str) -> bool {
    let cause = cause.to_ascii_lowercase();
    cause.contains("runtime") || cause.contains("platform")
}

async fn make_one(runtime: &Runtime, plan: &Plan, service: &Service) -> Result<(), String> {
    let Run::Container(container) = &service.run else {
        return Ok(());
    };
    let ports = plan.services.values().flat_map(|service| {
        let name = service.name.clone();
        service.endpoints.iter().filter_map(move |endpoint| {
            let HostPort::Fixed(port) = endpoint.port else {
                return None;
            };
            Some(((name.clone(), endpoint.name.clone()), port))
        })
    });
    let cancel = tokio_util::sync::CancellationToken::new();
    let launch = Launch {
        plan,
        service,
        container,
        ports: &ports.collect(),
        generation: 1,
        telemetry: &std::collections::BTreeMap::new(),
        fresh: false,
        cancel: &cancel,
    };
    let made = Box::pin(instance::make(runtime, &launch, |_| {})).await;
    made.map(drop)
}
