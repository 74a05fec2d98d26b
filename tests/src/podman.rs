//! A Podman service of a test's own: its own socket, images and containers, beside
//! whatever the machine has.

use crate::eventually;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// One with its own world; it ends with the value.
#[derive(Debug)]
pub struct Podman {
    dir: TempDir,
    service: Option<Child>,
    /// Of whom it is, where it runs without root.
    user: Option<String>,
}

/// What a machine without udev lacks for the network of a user: the device of tunnels, open
/// to all. It is made in a mount namespace of its own, where nobody else sees it.
const AS_USER: &str = "mount -t tmpfs -o dev none /dev/net && mknod /dev/net/tun c 10 200 && chmod 666 /dev/net/tun && exec setpriv --reuid \"$1\" --regid \"$1\" --init-groups podman \"${@:2}\"";

impl Podman {
    /// Starts one with the smallest of the test images in it; `None`, with the reason said,
    /// where Podman is not installed or can run no container here.
    #[must_use]
    pub fn start(test: &str) -> Option<Self> {
        Self::is_installed(test).then(|| Self::begin(test, None))?
    }

    /// The same, of a user without any rights who is made for it and goes with it; `None`
    /// too where we may not make one.
    #[must_use]
    pub fn start_rootless(test: &str) -> Option<Self> {
        if !Self::is_installed(test) {
            return None;
        }
        let user = format!("btpod{}", std::process::id());
        let made = Command::new("useradd").args(["-M", &user]).output();
        if !made.is_ok_and(|output| output.status.success()) {
            println!("SKIPPED {test}: no user can be made here");
            return None;
        }
        Self::begin(test, Some(user))
    }

    fn is_installed(test: &str) -> bool {
        let installed = Command::new("podman").arg("--version").output().is_ok();
        if !installed {
            println!("SKIPPED {test}: podman is not installed");
        }
        installed
    }

    fn begin(test: &str, user: Option<String>) -> Option<Self> {
        let dir = tempfile::Builder::new().prefix("bt-p").tempdir_in("/tmp");
        let mut podman = Self {
            dir: dir.expect("a folder"),
            service: None,
            user,
        };
        podman.configure();
        podman.hand_over();
        podman.load("benchtop-test/busybox:1");
        if let Err(cause) = podman.try_container() {
            println!("SKIPPED {test}: podman runs no container here: {cause}");
            return None;
        }
        podman.launch();
        Some(podman)
    }

    /// What a machine of any kind can do: no overlay within an overlay, no systemd, and
    /// limits that are not above our own. Podman 4.3 exchanges soft and hard limits of
    /// containers that are made through its Docker API, so both are the same.
    fn configure(&self) {
        let path = |name: &str| self.path(name).display().to_string();
        let storage = format!(
            "[storage]\ndriver = \"vfs\"\nrunroot = {:?}\ngraphroot = {:?}\n",
            path("run"),
            path("data")
        );
        let containers = "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\n[engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\nruntime = \"runc\"\n";
        std::fs::write(self.path("storage.conf"), storage).expect("a configuration");
        std::fs::write(self.path("containers.conf"), containers).expect("a configuration");
    }

    /// The folder belongs to the user whose service it is.
    fn hand_over(&self) {
        let Some(user) = &self.user else {
            return;
        };
        for name in ["home", "xdg"] {
            std::fs::create_dir(self.path(name)).expect("a folder");
        }
        let owner = format!("{user}:{user}");
        let output = Command::new("chown")
            .args(["-R", &owner])
            .arg(self.dir.path())
            .output();
        assert!(output.expect("run chown").status.success());
    }

    fn try_container(&self) -> Result<(), String> {
        let image = "benchtop-test/busybox:1";
        let output = self.command(&["run", "--rm", image, "true"]).output();
        let output = output.map_err(|error| error.to_string())?;
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        }
    }

    /// Starts the service, or starts it again.
    ///
    /// # Panics
    /// Where it does not listen.
    pub fn launch(&mut self) {
        let address = self.address();
        let mut command = self.command(&["system", "service", "--time", "0", &address]);
        let log = std::fs::File::create(self.path("service.log")).expect("a log file");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        self.service = Some(command.spawn().expect("run podman"));
        eventually("podman listens", || {
            std::os::unix::net::UnixStream::connect(self.socket()).map_err(|e| e.to_string())
        });
    }

    /// Kills the service; what it started lives on.
    ///
    /// # Panics
    /// Where it does not run.
    pub fn kill(&mut self) {
        let mut service = self.service.take().expect("it runs");
        service.kill().expect("kill the service");
        service.wait().expect("it ends");
        // Without root it is two processes, of which the one ends with the other.
        eventually(
            "podman listens no more",
            || match std::os::unix::net::UnixStream::connect(self.socket()) {
                Ok(_) => Err("it listens".to_owned()),
                Err(_) => Ok(()),
            },
        );
        // The next one makes its own; nobody answers at this one.
        _ = std::fs::remove_file(self.socket());
    }

    fn load(&self, image: &str) {
        let mut save = Command::new("docker")
            .args(["save", image])
            .stdout(Stdio::piped())
            .spawn()
            .expect("run docker save");
        let pipe = save.stdout.take().expect("its output");
        let load = self.command(&["load", "-q"]).stdin(pipe).output();
        assert!(load.expect("run podman load").status.success());
        assert!(save.wait().expect("docker save ends").success());
    }

    /// `podman` in this world.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = match &self.user {
            None => Command::new("podman"),
            Some(user) => {
                let mut command = Command::new("unshare");
                command
                    .args(["--mount", "bash", "-c", AS_USER, "bash", user])
                    .env("HOME", self.path("home"))
                    .env("XDG_RUNTIME_DIR", self.path("xdg"))
                    .current_dir("/");
                command
            }
        };
        command
            .args(arguments)
            .env("CONTAINERS_CONF", self.path("containers.conf"))
            .env("CONTAINERS_STORAGE_CONF", self.path("storage.conf"));
        command
    }

    /// Calls `podman` and returns what it printed.
    ///
    /// # Panics
    /// Where the call fails.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("run podman");
        assert!(output.status.success(), "podman {arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Its socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.path("podman.sock")
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    fn path(&self, name: &str) -> PathBuf {
        let dir: &Path = self.dir.path();
        dir.join(name)
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        // Everything in it is the test's.
        _ = self.command(&["rm", "-af", "-t", "0"]).output();
        _ = self.command(&["network", "prune", "-f"]).output();
        if let Some(mut service) = self.service.take() {
            _ = service.kill();
            _ = service.wait();
        }
        if let Some(user) = &self.user {
            // Ends the process that keeps the user's namespaces; nothing else is theirs.
            let left = Command::new("pgrep").args(["-u", user]).output();
            let left = left.map_or(Vec::new(), |output| output.stdout);
            for pid in String::from_utf8_lossy(&left).lines() {
                _ = Command::new("kill").args(["-KILL", pid]).output();
            }
            // Refused until the last of them has gone.
            for _ in 0..50 {
                let output = Command::new("userdel").arg(user).output();
                if output.is_ok_and(|output| output.status.success()) {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
        }
    }
}
