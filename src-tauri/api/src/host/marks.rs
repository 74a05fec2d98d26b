//! What happened to services, for the charts.

use benchtop_model::exit::Exit;
use benchtop_model::status::{Lifecycle, Status};
use benchtop_store::row::{Instance, Transition};
use benchtop_telemetry::metrics::query::{RunMark, RunMarkKind};
use std::collections::{HashMap, HashSet};

/// Marks of one answer; the newest are kept.
const MOST: usize = 500;

/// The marks of a run between two moments, oldest first. Both lists are in order of time.
pub(super) fn marks(
    instances: &[Instance],
    transitions: &[Transition],
    (from, to): (i64, i64),
) -> Vec<RunMark> {
    let mut marks = lives(instances, transitions);
    marks.extend(turns(transitions));
    marks.retain(|mark| (from..to).contains(&mark.at.0));
    marks.sort_by_key(|mark| mark.at);
    marks.drain(..marks.len().saturating_sub(MOST));
    marks
}

/// Begin and end of instances. Whether an end was wanted is known by what came of it: a
/// program that is asked to end may well exit with a code.
fn lives(instances: &[Instance], transitions: &[Transition]) -> Vec<RunMark> {
    let bad = |t: &&Transition| matches!(t.lifecycle, Lifecycle::Backoff | Lifecycle::Failed);
    let key = |t: &'_ Transition| (t.service.clone(), t.generation);
    let unwanted: HashSet<_> = transitions.iter().filter(bad).map(key).collect();
    let mut known = HashSet::new();
    let mut marks = Vec::new();
    for instance in instances {
        let mark = |at, kind, text| RunMark {
            at,
            kind,
            service: instance.service.clone(),
            text,
        };
        let (kind, text) = match known.insert(&instance.service) {
            true => (RunMarkKind::Start, "started"),
            false => (RunMarkKind::Restart, "started again"),
        };
        marks.push(mark(instance.started, kind, text.to_owned()));
        if let Some(ended) = instance.ended {
            let crashed = unwanted.contains(&(instance.service.clone(), instance.generation));
            let kind = if crashed {
                RunMarkKind::Crash
            } else {
                RunMarkKind::Stop
            };
            let text = instance
                .exit
                .as_ref()
                .map_or_else(|| "ended".to_owned(), Exit::describe);
            marks.push(mark(ended, kind, text));
        }
    }
    marks
}

/// Builds, and turns to Unhealthy; each once, however often it is told.
fn turns(transitions: &[Transition]) -> Vec<RunMark> {
    let mut last: HashMap<&str, &Transition> = HashMap::new();
    let mut marks = Vec::new();
    for now in transitions {
        let before = last.insert(&now.service, now);
        let new = |is: fn(&Transition) -> bool| is(now) && !before.is_some_and(is);
        let kind = if new(|t| t.lifecycle == Lifecycle::Building) {
            RunMarkKind::Rebuild
        } else if new(|t| t.status == Status::Unhealthy) {
            RunMarkKind::Alert
        } else {
            continue;
        };
        marks.push(RunMark {
            at: now.at,
            kind,
            service: now.service.clone(),
            text: now.cause.clone(),
        });
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use benchtop_model::status::Health;
    use benchtop_model::time::Timestamp;

    fn instance(generation: u64, started: i64, ended: Option<i64>, code: i32) -> Instance {
        Instance {
            run: "r".to_owned(),
            service: "api".to_owned(),
            generation,
            identity: String::new(),
            definition: String::new(),
            started: Timestamp(started),
            time_to_ready: None,
            ended: ended.map(Timestamp),
            exit: ended.map(|_| Exit::with_code(code)),
        }
    }

    fn turn(generation: u64, at: i64, lifecycle: Lifecycle, status: Status) -> Transition {
        Transition {
            run: "r".to_owned(),
            service: "api".to_owned(),
            generation,
            at: Timestamp(at),
            lifecycle,
            health: Health::Unknown,
            status,
            cause: "because".to_owned(),
        }
    }

    #[test]
    fn an_end_is_a_crash_where_nobody_wanted_it() {
        let instances = [
            instance(4, 10, Some(20), 1),
            instance(5, 30, Some(40), 143),
            instance(6, 50, None, 0),
        ];
        let transitions = [
            turn(4, 20, Lifecycle::Backoff, Status::Unhealthy),
            turn(4, 21, Lifecycle::Backoff, Status::Unhealthy),
            turn(5, 40, Lifecycle::Stopped, Status::Stopped),
            turn(5, 45, Lifecycle::Building, Status::Starting),
        ];
        let told = |range| -> Vec<(i64, RunMarkKind)> {
            let found = marks(&instances, &transitions, range);
            found.iter().map(|mark| (mark.at.0, mark.kind)).collect()
        };
        use RunMarkKind::*;
        let all = [
            (10, Start),
            (20, Crash),
            (20, Alert),
            (30, Restart),
            (40, Stop),
            (45, Rebuild),
            (50, Restart),
        ];
        assert_eq!(told((0, 100)), all);
        assert_eq!(told((30, 45)), all[3..5]);
    }
}
