//! Images from a registry: Debian's `docker-registry` on this host, public and
//! behind a password.
#![allow(clippy::print_stdout, reason = "what is skipped is said aloud")]

use benchtop_tests::{Home, Project, docker, eventually};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const BUSYBOX: &str = "benchtop-test/busybox:1";

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
        for words in [
            ["tag", BUSYBOX, &image].as_slice(),
            &["push", &image],
            &["rmi", &image],
        ] {
            let output = Command::new("docker")
                .args(["--config", config])
                .args(words)
                .output()
                .expect("run docker");
            assert!(output.status.success(), "{words:?}: {output:?}");
        }
    }
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
    let home = Home::new().with("DOCKER_CONFIG", config);
    let name = format!("r{}", std::process::id());
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
