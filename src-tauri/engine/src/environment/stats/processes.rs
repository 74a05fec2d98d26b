//! Process trees of this host, by one reading of the process table a turn.

use super::{EnvironmentSnapshot, ServiceSnapshot};
use crate::clock;
use crate::sink::{Measured, MeasuredKind};
use benchtop_model::time::Timestamp;
use std::collections::{HashMap, HashSet};
use sysinfo::{Pid, Process, ProcessRefreshKind, ProcessesToUpdate, System};

/// What is known from one turn to the next.
#[derive(Default)]
pub(super) struct Processes {
    /// Moved to a blocking thread and back for each reading.
    table: Option<Table>,
}

struct Table {
    system: System,
    /// Bytes read and written, by service.
    io: HashMap<String, Io>,
}

/// The main process of a service.
struct Root {
    service: String,
    pid: Pid,
    started: Timestamp,
    restarts: u32,
}

/// Bytes of a tree since its start. The counters of a process go with it, so those of the
/// tree are added up of what each process has added.
#[derive(Default)]
pub(super) struct Io {
    root: Option<Pid>,
    last: HashMap<Pid, (u64, u64)>,
    read: u64,
    written: u64,
}

impl Processes {
    /// Measures all processes where one of them is due: they come of one reading.
    pub(super) async fn read(
        &mut self,
        snapshot: &EnvironmentSnapshot,
        due: impl Fn(&ServiceSnapshot) -> bool,
    ) -> Vec<Measured> {
        let with_pid = || snapshot.services.iter().filter(|s| s.pid.is_some());
        if !with_pid().any(due) {
            return Vec::new();
        }
        let now = clock::now();
        let root = |service: &ServiceSnapshot| {
            Some(Root {
                service: service.name.clone(),
                pid: Pid::from_u32(service.pid?),
                started: service.started.unwrap_or(now),
                restarts: service.restarts,
            })
        };
        let roots: Vec<Root> = with_pid().filter_map(root).collect();
        let Some(mut table) = self.table.take().or_else(Table::new) else {
            return Vec::new();
        };
        let read = tokio::task::spawn_blocking(move || {
            let measured = table.read(&roots, now);
            (table, measured)
        });
        let Ok((table, measured)) = read.await else {
            return Vec::new();
        };
        self.table = Some(table);
        measured
    }
}

impl Table {
    fn new() -> Option<Self> {
        let system = System::new().ok()?;
        let io = HashMap::new();
        Some(Self { system, io })
    }

    fn read(&mut self, roots: &[Root], now: Timestamp) -> Vec<Measured> {
        let known: HashSet<Pid> = self.system.processes().keys().copied().collect();
        let kind = ProcessRefreshKind::nothing()
            .with_cpu()
            .with_memory()
            .without_tasks();
        self.system
            .refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
        let trees = trees(&self.system, roots);
        // Only of these processes, for it is a file more to read of each.
        let all: Vec<Pid> = trees.iter().flatten().copied().collect();
        let disk = ProcessRefreshKind::nothing()
            .with_disk_usage()
            .without_tasks();
        self.system
            .refresh_processes_specifics(ProcessesToUpdate::Some(&all), false, disk);
        self.io
            .retain(|name, _| roots.iter().any(|root| root.service == *name));
        let pairs = roots.iter().zip(&trees);
        pairs
            .map(|(root, tree)| self.measure(root, tree, &known, now))
            .collect()
    }

    fn measure(
        &mut self,
        root: &Root,
        tree: &[Pid],
        known: &HashSet<Pid>,
        now: Timestamp,
    ) -> Measured {
        let living: Vec<&Process> = tree
            .iter()
            .filter_map(|pid| self.system.process(*pid))
            .collect();
        let cpu: f64 = living.iter().map(|p| f64::from(p.cpu_usage())).sum();
        let io = self.io.entry(root.service.clone()).or_default();
        io.add(
            root.pid,
            living.iter().map(|process| {
                let usage = process.disk_usage();
                (
                    process.pid(),
                    (usage.total_read_bytes, usage.total_written_bytes),
                )
            }),
        );
        Measured {
            service: root.service.clone(),
            kind: MeasuredKind::Process,
            at: now,
            started: root.started,
            restarts: root.restarts,
            // The share of a time needs two readings.
            cpu: known.contains(&root.pid).then_some(cpu / 100.0),
            memory: living.iter().map(|process| process.memory()).sum(),
            network: None,
            disk: Some((io.read, io.written)),
            processes: Some(living.len() as u64),
        }
    }
}

impl Io {
    /// The counters of all living processes of the tree.
    fn add(&mut self, root: Pid, counters: impl Iterator<Item = (Pid, (u64, u64))>) {
        if self.root != Some(root) {
            *self = Self {
                root: Some(root),
                ..Self::default()
            };
        }
        let mut now = HashMap::new();
        for (pid, (read, written)) in counters {
            let (was_read, was_written) = self.last.get(&pid).copied().unwrap_or_default();
            self.read += read.saturating_sub(was_read);
            self.written += written.saturating_sub(was_written);
            now.insert(pid, (read, written));
        }
        self.last = now;
    }
}

/// All living processes of each service.
fn trees(system: &System, roots: &[Root]) -> Vec<Vec<Pid>> {
    let mut children: HashMap<Pid, Vec<Pid>> = HashMap::new();
    for (pid, process) in system.processes() {
        if let Some(parent) = process.parent() {
            children.entry(parent).or_default().push(*pid);
        }
    }
    let tree = |root: &Root| {
        let (mut found, mut open) = (Vec::new(), vec![root.pid]);
        while let Some(pid) = open.pop() {
            if system.process(pid).is_some() {
                found.push(pid);
            }
            open.extend(children.get(&pid).into_iter().flatten());
        }
        found
    };
    roots.iter().map(tree).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tree_has_read_and_written_never_falls() {
        let mut io = Io::default();
        let (one, two) = (Pid::from_u32(1), Pid::from_u32(2));
        io.add(one, [(one, (10, 1)), (two, (5, 0))].into_iter());
        assert_eq!((io.read, io.written), (15, 1));
        // The child has ended, and its counters with it.
        io.add(one, [(one, (12, 1))].into_iter());
        assert_eq!((io.read, io.written), (17, 1));
        // Another one came, and another instance of the service after that.
        io.add(one, [(one, (12, 1)), (two, (3, 3))].into_iter());
        assert_eq!((io.read, io.written), (20, 4));
        io.add(two, [(two, (4, 4))].into_iter());
        assert_eq!((io.read, io.written), (4, 4));
    }
}
