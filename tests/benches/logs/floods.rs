//! Programs that write as fast as they can, through all that lies between them and the
//! disk, beside a reader that only reads.

use super::rss_mib;
use benchtop_tests::bench::{Budget, Table, timed};
use benchtop_tests::{Home, Project, docker};
use bollard::Docker;
use bollard::models::ContainerCreateBody;
use bollard::query_parameters as q;
use futures_util::StreamExt as _;
use serde_json::Value;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const BUSYBOX: &str = "benchtop-test/busybox:1";

/// The flood of a container is this much shorter: its runtime is the slowest part.
const SHORTER: u64 = 5;

fn line() -> String {
    "x".repeat(99)
}

/// A process, beside a pipe that is read by nobody but `cat`.
pub(super) fn process(lines: u64) {
    let mut table = Table::new(&format!(
        "A process that floods, {lines} lines of 100 bytes"
    ));
    let flood = format!("yes {} | head -n {lines}", line());
    let pipe = timed(1, || {
        let program = format!("{flood} | cat > /dev/null");
        assert!(Command::new("sh").args(["-c", &program]).status().is_ok());
    });
    table.figure(
        "the program into a pipe",
        lines as f64 / pipe[0].as_secs_f64() / 1e6,
        "M lines/s",
    );
    let world = World::new("    process: sh noisy.sh\n", &flood);
    table.budgeted(
        "through shim, engine and disk",
        world.rate(lines),
        "M lines/s",
        Budget::AtLeast(1.0),
    );
    world.tell(&mut table);
}

/// A container, beside a bare reader of its attach stream.
pub(super) fn container(lines: u64) {
    let lines = lines / SHORTER;
    let mut table = Table::new(&format!(
        "A container that floods, {lines} lines of 100 bytes"
    ));
    if !docker("container flood") {
        return table.skipped("container flood", "no container engine answers");
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (mut bare, mut own) = (Vec::new(), Vec::new());
    let flood = format!("yes {} | head -n {lines}", line());
    let service = format!(
        "    image: {BUSYBOX}\n    command: [sh, /here/noisy.sh]\n    volumes: [.:/here]\n"
    );
    let mut last = None;
    // In turn, so that what else the machine does meets both.
    for _ in 0..2 {
        bare.push(runtime.block_on(bare_attach(lines)));
        // One at a time: the flood of the one before lies on the same disk.
        drop(last.take());
        let world = World::new(&service, &flood);
        own.push(world.rate(lines));
        last = Some(world);
    }
    let best = |rates: &[f64]| rates.iter().copied().fold(0.0, f64::max);
    table.figure(
        "a bare reader of the attach stream",
        best(&bare),
        "M lines/s",
    );
    table.figure("through attach, engine and disk", best(&own), "M lines/s");
    table.budgeted(
        "ratio to the bare reader",
        best(&own) / best(&bare),
        "x",
        Budget::AtLeast(0.9),
    );
    if let Some(world) = last {
        world.tell(&mut table);
    }
}

/// M lines/s, from the first byte to the last line.
async fn bare_attach(lines: u64) -> f64 {
    let docker = Docker::connect_with_local_defaults().expect("an engine");
    let program = format!("sleep 1; yes {} | head -n {lines}", line());
    let body = ContainerCreateBody {
        image: Some(BUSYBOX.to_owned()),
        cmd: Some(["sh", "-c", &program].map(str::to_owned).to_vec()),
        ..ContainerCreateBody::default()
    };
    let create = docker.create_container(None::<q::CreateContainerOptions>, body);
    let id = create.await.expect("a container").id;
    let options = q::AttachContainerOptions {
        stdout: true,
        stderr: true,
        stream: true,
        ..q::AttachContainerOptions::default()
    };
    let attached = docker.attach_container(&id, Some(options)).await;
    let mut output = attached.expect("attached").output;
    let start = docker.start_container(&id, None::<q::StartContainerOptions>);
    start.await.expect("started");
    let (mut seen, mut begin) = (0, None);
    while let Some(chunk) = output.next().await {
        let begin = *begin.get_or_insert_with(Instant::now);
        let bytes = chunk.expect("output").into_bytes();
        seen += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        if seen >= lines {
            remove(&docker, &id).await;
            return lines as f64 / begin.elapsed().as_secs_f64() / 1e6;
        }
    }
    panic!("{seen} of {lines} lines came");
}

async fn remove(docker: &Docker, id: &str) {
    let options = q::RemoveContainerOptions {
        force: true,
        ..q::RemoveContainerOptions::default()
    };
    docker
        .remove_container(id, Some(options))
        .await
        .expect("removed");
}

/// An environment with one service that floods.
struct World {
    home: Home,
    _project: Project,
    file: String,
}

impl World {
    fn new(service: &str, flood: &str) -> Self {
        let yaml = format!(
            "name: flood-{}\nservices:\n  noisy:\n{service}",
            std::process::id()
        );
        let project = Project::new(&yaml);
        project.write(
            "noisy.sh",
            &format!("sleep 1\necho flood begins\n{flood}\necho all done\nsleep 1000\n"),
        );
        let file = project.file().display().to_string();
        let home = Home::new();
        home.benchtop(&["up", "--detach", "-f", &file]).expect(0);
        Self {
            home,
            _project: project,
            file,
        }
    }

    fn logs(&self, more: &[&str]) -> Vec<Value> {
        let all = ["logs", "noisy", "--json", "-f", &self.file];
        let printed = self.home.benchtop(&[&all, more].concat()).stdout;
        let records = printed
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        records.collect()
    }

    /// M lines/s, from the first line to the moment at which the last is found.
    fn rate(&self, lines: u64) -> f64 {
        while self.logs(&["-n", "1", "-q", "\"all done\""]).is_empty() {
            std::thread::sleep(Duration::from_millis(20));
        }
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let begin = self.logs(&["-n", "1", "-q", "\"flood begins\""]);
        let begin = begin[0]["time"].as_f64().expect("a time") / 1000.0;
        lines as f64 / (now.as_secs_f64() - begin) / 1e6
    }

    fn tell(&self, table: &mut Table) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.home.engine_pid()));
        let status = status.unwrap_or_default();
        table.figure("memory of the engine", rss_mib(&status), "MiB");
        let gaps = self.logs(&["-n", "5", "-q", "\"is missing here\""]);
        table.figure("gaps that were said", gaps.len() as f64, "");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.home.benchtop(&["down", "-f", &self.file]);
    }
}
