//! A container daemon of a test's own, to be killed, frozen and restarted. It
//! has its own socket, data, containerd and network, and makes no rules and no bridge, so
//! that it lives beside the machine's own without a trace.

use crate::eventually;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A daemon with its own world. Everything in it ends with the value.
#[derive(Debug)]
pub struct Daemon {
    dir: TempDir,
    child: Option<Child>,
    containerd: Option<Child>,
    live_restore: bool,
    frozen: bool,
}

impl Daemon {
    /// Starts one with the smallest of the test images in it.
    ///
    /// # Panics
    /// Where it does not come up.
    #[must_use]
    pub fn start(live_restore: bool) -> Self {
        let mut daemon = Self::prepare(live_restore);
        daemon.launch();
        daemon.load("benchtop-test/busybox:1");
        daemon
    }

    /// One that does not run yet.
    ///
    /// # Panics
    /// Where its folder cannot be made.
    #[must_use]
    pub fn prepare(live_restore: bool) -> Self {
        Self {
            // A short path: socket paths are limited to about 100 bytes.
            dir: tempfile::Builder::new()
                .prefix("bt-d")
                .tempdir_in("/tmp")
                .expect("a folder"),
            child: None,
            containerd: None,
            live_restore,
            frozen: false,
        }
    }

    /// Its address for `DOCKER_HOST`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Its socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.path("docker.sock")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Starts the daemon, or starts it again, and waits until it answers.
    ///
    /// # Panics
    /// Where it does not within the kit's patience.
    pub fn launch(&mut self) {
        self.launch_containerd();
        let (out, below) = (self.log("dockerd.log"), |name: &str| {
            self.path(name).display().to_string()
        });
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--net={}", self.network()))
            .arg("dockerd")
            .args(["--host", &self.address()])
            .args(["--data-root", &below("data")])
            .args(["--exec-root", &below("exec")])
            .args(["--pidfile", &below("dockerd.pid")])
            .args(["--containerd", &below("containerd.sock")])
            .args(["--config-file", &below("daemon.json")])
            .args([
                "--containerd-namespace",
                "bt",
                "--containerd-plugins-namespace",
                "btp",
            ])
            .args(["--bridge", "none", "--iptables=false", "--ip6tables=false"])
            .args(["--default-address-pool", &self.address_pool()])
            .args(["--host-gateway-ip", "127.0.0.1"])
            .args(["--storage-driver", "overlay2", "--userland-proxy=true"])
            .args(self.live_restore.then_some("--live-restore"))
            .stdin(Stdio::null())
            .stdout(out.try_clone().expect("a second handle"))
            .stderr(out);
        // One that was killed leaves its socket and its number behind.
        _ = std::fs::remove_file(self.path("dockerd.pid"));
        self.child = Some(command.spawn().expect("run dockerd"));
        eventually("the private daemon answers", || {
            let answer = self.try_run(&["version", "--format", "{{.Server.Version}}"]);
            answer.map_err(|e| format!("{e}\n{}", self.tail("dockerd.log")))
        });
    }

    /// Addresses for the networks of this daemon alone: two daemons do not know
    /// of each other's, and their routes would meet in the kernel.
    fn address_pool(&self) -> String {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        self.dir.path().hash(&mut hasher);
        let number = hasher.finish();
        let (second, third) = (200 + number % 16, number / 16 % 256);
        format!("base=10.{second}.{third}.0/24,size=28")
    }

    /// The network of this daemon. A daemon without a default bridge removes the one that
    /// it finds, so the machine's own daemon must be out of its sight.
    fn network(&self) -> String {
        let holder = self.containerd.as_ref().expect("containerd runs");
        format!("/proc/{}/ns/net", holder.id())
    }

    /// containerd has a life of its own, as on a machine where the system
    /// starts it: killing the daemon must not take it away.
    fn launch_containerd(&mut self) {
        if self.containerd.is_some() {
            return;
        }
        std::fs::write(self.path("daemon.json"), "{}").expect("a configuration");
        let config = format!(
            "version = 2\nroot = {:?}\nstate = {:?}\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n[grpc]\naddress = {:?}\n[ttrpc]\naddress = {:?}\n",
            self.path("cd-root"),
            self.path("cd-state"),
            self.path("containerd.sock"),
            self.path("ttrpc.sock"),
        );
        std::fs::write(self.path("containerd.toml"), config).expect("a configuration");
        let out = self.log("containerd.log");
        let child = Command::new("unshare")
            .args(["--net", "containerd", "--config"])
            .arg(self.path("containerd.toml"))
            .stdin(Stdio::null())
            .stdout(out.try_clone().expect("a second handle"))
            .stderr(out)
            .spawn();
        let child = child.expect("run containerd");
        // Whoever asks for its network before it has one of its own gets the machine's.
        let network = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/net"));
        let own = network("self").expect("a network");
        eventually("containerd is in a network of its own", || {
            match network(&child.id().to_string()) {
                Ok(other) if other != own => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
        self.containerd = Some(child);
    }

    fn log(&self, name: &str) -> File {
        let path = self.path(name);
        let file = File::options().create(true).append(true).open(path);
        file.expect("a log file")
    }

    fn tail(&self, name: &str) -> String {
        let text = std::fs::read_to_string(self.path(name)).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    /// Gives it a disk of this size, such as `48m`, before it is launched.
    ///
    /// # Panics
    /// Where that fails: it needs root, as the daemon does.
    pub fn limit_disk(&self, size: &str) {
        let data = self.path("data");
        std::fs::create_dir(&data).expect("a folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]);
        assert!(mount.arg(&data).status().expect("run mount").success());
    }

    /// Fills its disk to the last byte.
    ///
    /// # Panics
    /// Where it cannot be written at all.
    pub fn fill_disk(&self) {
        use std::io::Write as _;
        let mut file = File::create(self.path("data/filler")).expect("a file");
        let chunk = vec![0; 4096];
        while file.write_all(&chunk).is_ok() {}
    }

    /// Makes room again.
    ///
    /// # Panics
    /// Where the filler is not there.
    pub fn free_disk(&self) {
        std::fs::remove_file(self.path("data/filler")).expect("the filler");
    }

    /// Copies an image from the machine's own daemon.
    ///
    /// # Panics
    /// Where that fails.
    pub fn load(&self, image: &str) {
        let mut save = Command::new("docker")
            .args(["save", image])
            .env_remove("DOCKER_HOST")
            .stdout(Stdio::piped())
            .spawn()
            .expect("run docker save");
        let pipe = save.stdout.take().expect("its output");
        let load = self.command(&["load", "-q"]).stdin(pipe).output();
        let load = load.expect("run docker load");
        assert!(load.status.success(), "{load:?}");
        assert!(save.wait().expect("docker save ends").success());
    }

    /// `docker` on this daemon, ready to be called.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command
            .args(arguments)
            .env("DOCKER_HOST", self.address())
            .env_remove("DOCKER_CONTEXT");
        command
    }

    fn try_run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.command(arguments).stdin(Stdio::null()).output();
        let output = output.map_err(|e| e.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Calls `docker` on this daemon and returns what it printed.
    ///
    /// # Panics
    /// Where the call fails.
    pub fn run(&self, arguments: &[&str]) -> String {
        self.try_run(arguments)
            .unwrap_or_else(|e| panic!("docker {arguments:?}: {e}"))
    }

    /// One field of a container.
    #[must_use]
    pub fn inspect(&self, container: &str, format: &str) -> String {
        self.run(&["inspect", container, "--format", format])
    }

    /// Ids of the containers of an environment, running or not, by its name.
    #[must_use]
    pub fn containers(&self, project: &str) -> Vec<String> {
        let label = format!("label=com.docker.compose.project={project}");
        let list = self.run(&["ps", "-aq", "--no-trunc", "--filter", &label]);
        list.lines().map(str::to_owned).collect()
    }

    /// `kill -9`: no good-bye, containers live on.
    ///
    /// # Panics
    /// Where it does not run.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("the daemon runs");
        child.kill().expect("kill the daemon");
        child.wait().expect("the daemon ends");
        self.frozen = false;
    }

    /// As `systemctl stop docker` does; containers end unless they are kept by
    /// live-restore.
    ///
    /// # Panics
    /// Where it does not end.
    pub fn stop(&mut self) {
        let mut child = self.child.take().expect("the daemon runs");
        signal(&child, Signal::SIGTERM);
        child.wait().expect("the daemon ends");
    }

    /// It hangs: it accepts connections and never answers.
    ///
    /// # Panics
    /// Where it does not run.
    pub fn freeze(&mut self) {
        signal(self.child.as_ref().expect("it runs"), Signal::SIGSTOP);
        self.frozen = true;
    }

    /// It goes on.
    ///
    /// # Panics
    /// Where it does not run.
    pub fn thaw(&mut self) {
        signal(self.child.as_ref().expect("it runs"), Signal::SIGCONT);
        self.frozen = false;
    }

    /// Its folder, where the container's files are.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What a killed daemon had mounted would keep the folder from going.
    fn unmount_all(&self) {
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let below = self.dir.path().display().to_string();
        let points = mounts.lines().filter_map(|line| line.split(' ').nth(1));
        // The innermost first.
        for point in points
            .filter(|point| point.starts_with(&below))
            .collect::<Vec<_>>()
            .iter()
            .rev()
        {
            // What goes by itself meanwhile is no loss.
            _ = Command::new("umount").args(["-l", point]).status();
        }
    }

    fn end_containers(&self) {
        let ids = self.try_run(&["ps", "-aq"]).unwrap_or_default();
        let ids: Vec<&str> = ids.lines().collect();
        if !ids.is_empty() {
            // The daemon may be gone already; the folder goes anyway.
            _ = self.try_run(&[&["rm", "-f"], ids.as_slice()].concat());
        }
        _ = self.try_run(&["network", "prune", "-f"]);
    }
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
    kill(pid, signal).expect("signal a process of this test");
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.frozen {
            self.thaw();
        }
        if self.child.is_none() && self.containerd.is_some() {
            self.launch();
        }
        if self.child.is_some() {
            self.end_containers();
            self.stop();
        }
        if let Some(mut containerd) = self.containerd.take() {
            signal(&containerd, Signal::SIGTERM);
            _ = containerd.wait();
        }
        self.unmount_all();
        if std::thread::panicking() {
            println!("dockerd:\n{}", self.tail("dockerd.log"));
        }
    }
}
