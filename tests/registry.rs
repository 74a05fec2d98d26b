//! Images from a registry: Debian's `docker-registry` on this host, public and
//! behind a password.
#![allow(clippy::print_stdout, reason = "what is skipped is said aloud")]

use benchtop_tests::{Home, Project, docker, eventually};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;

const BUSYBOX: &str = "benchtop-test/busybox:1";

/// Bytes of a layer that no engine has seen: more than lies in the buffers on its way.
const LAYER: usize = 16 * 1024 * 1024;

/// A registry of a test's own.
struct Registry {
    dir: TempDir,
    child: Child,
    port: u16,
}

impl Registry {
    fn start(login: Option<&str>) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
        let port = port.expect("a port").port();
        let at = |name: &str| dir.path().join(name).display().to_string();
        let auth = login.map_or(String::new(), |line| {
            std::fs::write(dir.path().join("htpasswd"), line).expect("a password file");
            format!(
                "auth:\n  htpasswd: {{ realm: bench, path: {} }}\n",
                at("htpasswd")
            )
        });
        let config = format!(
            "version: 0.1\nstorage: {{ filesystem: {{ rootdirectory: {} }} }}\nhttp: {{ addr: \"127.0.0.1:{port}\" }}\n{auth}",
            at("data")
        );
        std::fs::write(dir.path().join("config.yml"), config).expect("a configuration");
        let child = Command::new("docker-registry")
            .args(["serve", &at("config.yml")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("run docker-registry");
        let registry = Self { dir, child, port };
        eventually("the registry listens", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).map_err(|e| e.to_string())
        });
        registry
    }

    fn image(&self) -> String {
        format!("127.0.0.1:{}/team/box:1", self.port)
    }

    /// Docker's configuration folder of a user who has logged in.
    fn login(&self, auth: &str) -> String {
        let config = format!(
            r#"{{"auths":{{"127.0.0.1:{}":{{"auth":"{auth}"}}}}}}"#,
            self.port
        );
        std::fs::write(self.dir.path().join("config.json"), config).expect("a login");
        self.dir.path().display().to_string()
    }

    /// Puts the small image in, and forgets it in the engine.
    fn fill(&self, config: &str) {
        let image = self.image();
        call(config, &["tag", BUSYBOX, &image]);
        call(config, &["push", &image]);
        call(config, &["rmi", &image]);
    }

    /// Puts an image in that has a layer of these many bytes which no engine has seen.
    fn fill_with_news(&self, config: &str, bytes: usize) {
        self.fill_named(config, "1", bytes);
    }

    fn fill_named(&self, config: &str, tag: &str, bytes: usize) {
        let image = format!("127.0.0.1:{}/team/box:{tag}", self.port);
        let folder = tempfile::tempdir().expect("a folder");
        let mut noise = vec![0; bytes];
        let random = std::fs::File::open("/dev/urandom").and_then(|mut f| f.read_exact(&mut noise));
        random.expect("noise");
        std::fs::write(folder.path().join("noise"), noise).expect("a file");
        let recipe = format!("FROM {BUSYBOX}\nCOPY noise /noise\n");
        std::fs::write(folder.path().join("Dockerfile"), recipe).expect("a recipe");
        let folder = folder.path().display().to_string();
        call(config, &["build", "-q", "-t", &image, &folder]);
        call(config, &["push", &image]);
        call(config, &["rmi", &image]);
    }
}

/// Calls `docker` with this configuration.
fn call(config: &str, words: &[&str]) {
    let output = Command::new("docker")
        .args(["--config", config])
        .args(words)
        .output()
        .expect("run docker");
    assert!(output.status.success(), "{words:?}: {output:?}");
}

/// A way to a registry on which an answer stands still after its first bytes until it is
/// opened.
struct Gate {
    port: u16,
    state: Arc<GateState>,
}

#[derive(Default)]
struct GateState {
    open: AtomicBool,
    /// Answers of which not all has come through.
    standing: AtomicUsize,
    /// Bytes that came through after their answer had stood still.
    late: AtomicUsize,
}

impl Gate {
    /// So much of each answer goes through: every manifest, and the beginning of a layer.
    const FREE: usize = 512 * 1024;

    fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let gate = Self {
            port: listener.local_addr().expect("an address").port(),
            state: Arc::default(),
        };
        let state = Arc::clone(&gate.state);
        // Ends with the test's process.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
                    return;
                };
                pass(client, server, Arc::clone(&state));
            }
        });
        gate
    }

    fn image(&self) -> String {
        self.image_named("1")
    }

    fn image_named(&self, tag: &str) -> String {
        format!("127.0.0.1:{}/team/box:{tag}", self.port)
    }
}

/// Both ways of one connection.
fn pass(client: TcpStream, server: TcpStream, state: Arc<GateState>) {
    let clone = |stream: &TcpStream| stream.try_clone().expect("a handle");
    let (mut asks, mut to_server) = (clone(&client), clone(&server));
    std::thread::spawn(move || {
        // Either side may go at any time.
        _ = std::io::copy(&mut asks, &mut to_server);
        _ = to_server.shutdown(Shutdown::Both);
    });
    let (mut answers, mut to_client) = (server, client);
    std::thread::spawn(move || {
        let (mut passed, mut stood, mut buffer) = (0, false, [0; 16 * 1024]);
        while let Ok(read @ 1..) = answers.read(&mut buffer) {
            passed += read;
            if passed > Gate::FREE && !stood && !state.open.load(Ordering::SeqCst) {
                stood = true;
                state.standing.fetch_add(1, Ordering::SeqCst);
                while !state.open.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
            if to_client.write_all(&buffer[..read]).is_err() {
                break;
            }
            if stood {
                state.late.fetch_add(read, Ordering::SeqCst);
            }
        }
        if stood {
            state.standing.fetch_sub(1, Ordering::SeqCst);
        }
        // The same.
        _ = to_client.shutdown(Shutdown::Both);
    });
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It may have ended by itself.
        _ = self.child.kill();
        _ = self.child.wait();
        _ = Command::new("docker")
            .args(["rmi", "-f", &self.image()])
            .output();
    }
}

fn possible(test: &str) -> bool {
    if !docker(test) {
        return false;
    }
    let there = Command::new("docker-registry")
        .arg("--version")
        .output()
        .is_ok();
    if !there {
        println!("SKIPPED {test}: no docker-registry is installed");
    }
    there
}

/// Brings up one container of this image; returns the exit code and why.
fn up(image: &str, config: &str) -> (i32, String) {
    up_as(&Home::new().with("DOCKER_CONFIG", config), image)
}

/// The same, for this user.
fn up_as(home: &Home, image: &str) -> (i32, String) {
    // Every image has a registry of its own, by its port.
    let name = format!("r{}", image.split([':', '/']).nth(1).unwrap_or_default());
    let yaml = format!(
        "name: {name}\nservices:\n  a: {{ image: \"{image}\", command: sleep 600, stop_grace_period: 0s }}\n"
    );
    let project = Project::new(&yaml);
    let file = project.file().display().to_string();
    let outcome = home.benchtop(&["up", "-f", &file, "--wait", "--detach", "--timeout", "80s"]);
    let reason = home.service(&["-f", &file], "a")["reason"].to_string();
    home.benchtop(&["down", "-f", &file]);
    (outcome.code, reason)
}

#[test]
fn row_10_an_image_is_pulled_and_a_password_is_taken_from_dockers_own_login() {
    if !possible("row_10_an_image_is_pulled_and_a_password_is_taken_from_dockers_own_login") {
        return;
    }
    let open = Registry::start(None);
    let nobody = tempfile::tempdir().expect("a folder");
    let nobody = nobody.path().display().to_string();
    open.fill(&nobody);
    assert_eq!(up(&open.image(), &nobody).0, 0);
    // `bench:secret`, by bcrypt.
    let closed = Registry::start(Some(
        "bench:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n",
    ));
    let config = closed.login("YmVuY2g6c2VjcmV0");
    closed.fill(&config);
    let (code, reason) = up(&closed.image(), &nobody);
    assert_eq!(code, 1);
    assert!(
        reason.contains("cannot be pulled") && reason.contains("auth"),
        "{reason}"
    );
    let (code, reason) = up(&closed.image(), &config);
    assert_eq!(code, 0, "{reason}");
}

#[test]
fn row_10_a_password_is_asked_of_the_helper_that_dockers_configuration_names() {
    let test = "row_10_a_password_is_asked_of_the_helper_that_dockers_configuration_names";
    if !possible(test) {
        return;
    }
    let closed = Registry::start(Some(
        "bench:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n",
    ));
    closed.fill(&closed.login("YmVuY2g6c2VjcmV0"));
    let folder = tempfile::tempdir().expect("a folder");
    let asked = folder.path().join("asked");
    let helper = folder.path().join("docker-credential-bench");
    let script = format!(
        "#!/bin/sh\n{{ echo \"$1\"; cat; }} >> {}\necho '{{\"ServerURL\":\"x\",\"Username\":\"bench\",\"Secret\":\"secret\"}}'\n",
        asked.display()
    );
    std::fs::write(&helper, script).expect("a helper");
    std::fs::set_permissions(&helper, PermissionsExt::from_mode(0o755)).expect("a program");
    let host = format!("127.0.0.1:{}", closed.port);
    let config = format!(r#"{{"credHelpers":{{"{host}":"bench"}}}}"#);
    std::fs::write(folder.path().join("config.json"), config).expect("a configuration");
    let here = folder.path().display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    let home = Home::new()
        .with("DOCKER_CONFIG", here.as_str())
        .with("PATH", format!("{here}:{path}"));
    let (code, reason) = up_as(&home, &closed.image());
    assert_eq!(code, 0, "{reason}");
    let asked = std::fs::read_to_string(&asked).expect("it was asked");
    assert_eq!(asked.trim(), format!("get\n{host}"));
}

#[test]
fn row_10_a_pull_that_stands_still_is_shown_by_its_layers_and_can_be_called_off() {
    let test = "row_10_a_pull_that_stands_still_is_shown_by_its_layers_and_can_be_called_off";
    if !possible(test) {
        return;
    }
    let registry = Registry::start(None);
    let nobody = tempfile::tempdir().expect("a folder");
    let nobody = nobody.path().display().to_string();
    registry.fill_with_news(&nobody, LAYER);
    let gate = Gate::before(registry.port);
    let home = Home::new().with("DOCKER_CONFIG", nobody.as_str());
    let project = Project::new(&format!(
        "name: rl{}\nservices:\n  a: {{ image: \"{}\", command: sleep 600, stop_grace_period: 0s }}\n  b: {{ process: sleep 600 }}\n",
        std::process::id(),
        gate.image()
    ));
    let file = project.file().display().to_string();
    home.benchtop(&["up", "-f", &file, "--detach"]).expect(0);
    let service = |name: &str| home.service(&["-f", &file], name);
    let pulling = eventually("the layer that is new is being loaded", || {
        let a = service("a");
        let layers = a["pull"]["layers"].as_array().cloned().unwrap_or_default();
        let number = |layer: &serde_json::Value, key: &str| layer[key].as_u64().unwrap_or(0);
        let loading = |layer: &&serde_json::Value| {
            layer["state"] == "Downloading" && 0 < number(layer, "done")
        };
        match layers.iter().find(loading) {
            Some(layer) if number(layer, "done") < number(layer, "total") => Ok(layers),
            _ => Err(a.to_string()),
        }
    });
    assert!(pulling.len() > 1, "each layer by itself: {pulling:?}");
    // Who needs no image does not wait for it.
    assert_eq!(service("b")["status"], "Healthy");
    home.benchtop(&["stop", "-f", &file, "a"]).expect(0);
    eventually("the service is stopped", || match service("a") {
        a if a["status"] == "Stopped" => Ok(()),
        a => Err(a.to_string()),
    });
    assert!(service("a")["pull"].is_null(), "nothing is shown any more");
    assert!(gate.state.standing.load(Ordering::SeqCst) > 0);
    gate.state.open.store(true, Ordering::SeqCst);
    eventually("what stood still has ended", || {
        match gate.state.standing.load(Ordering::SeqCst) {
            0 => Ok(()),
            more => Err(format!("{more} go on")),
        }
    });
    let late = gate.state.late.load(Ordering::SeqCst);
    assert!(
        late < LAYER / 2,
        "nobody loads what was called off: {late} bytes"
    );
    let up = ["up", "-f", &file, "--wait", "--detach", "--timeout", "80s"];
    home.benchtop(&up).expect(0);
    home.benchtop(&["down", "-f", &file]).expect(0);
    call(&nobody, &["rmi", "-f", &gate.image()]);
}

#[test]
fn row_10_four_images_are_pulled_at_a_time_and_the_others_in_their_turn() {
    let test = "row_10_four_images_are_pulled_at_a_time_and_the_others_in_their_turn";
    if !possible(test) {
        return;
    }
    let registry = Registry::start(None);
    let nobody = tempfile::tempdir().expect("a folder");
    let nobody = nobody.path().display().to_string();
    let tags = ["a", "b", "c", "d", "e", "f"];
    for tag in tags {
        registry.fill_named(&nobody, tag, 1024 * 1024);
    }
    let gate = Gate::before(registry.port);
    let home = Home::new().with("DOCKER_CONFIG", nobody.as_str());
    let services = tags.map(|tag| {
        format!(
            "  {tag}: {{ image: \"{}\", command: sleep 600, stop_grace_period: 0s }}\n",
            gate.image_named(tag)
        )
    });
    let project = Project::new(&format!(
        "name: rt{}\nservices:\n{}",
        std::process::id(),
        services.concat()
    ));
    let file = project.file().display().to_string();
    home.benchtop(&["up", "-f", &file, "--detach"]).expect(0);
    // (pulled, waiting for their turn)
    let counts = || {
        let status = home.status(&["-f", &file]);
        let services = status["services"].as_array().cloned().unwrap_or_default();
        let waits = |s: &serde_json::Value| s.to_string().contains("after others");
        let waiting = services.iter().filter(|s| waits(s)).count();
        let pulled = services.iter().filter(|s| !s["pull"].is_null()).count();
        (pulled, waiting)
    };
    eventually("four are pulled and two wait", || match counts() {
        (4, 2) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    gate.state.open.store(true, Ordering::SeqCst);
    let up = ["up", "-f", &file, "--wait", "--detach", "--timeout", "80s"];
    home.benchtop(&up).expect(0);
    home.benchtop(&["down", "-f", &file]).expect(0);
    for tag in tags {
        call(&nobody, &["rmi", "-f", &gate.image_named(tag)]);
    }
}
