//! Notices that the machine has slept: no clock of ours goes on meanwhile, so nothing is
//! late and nothing has failed, but people find a gap in what services write.

use super::message::Message;
use super::task::Task;
use benchtop_model::supervisor::Event;
use benchtop_model::time::Millis;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Between two looks at the clocks.
const TURN: Duration = Duration::from_secs(15);

/// What is shorter is not worth a line.
const WORTH_A_LINE: Duration = Duration::from_secs(30);

/// Watches until the environment is closed.
pub(super) async fn watch(messages: mpsc::UnboundedSender<Message>) {
    let mut before = Clocks::now();
    loop {
        tokio::select! {
            () = tokio::time::sleep(TURN) => {}
            () = messages.closed() => return,
        }
        let now = Clocks::now();
        if let Some(slept) = slept(&before, &now)
            && messages.send(Message::Slept(slept)).is_err()
        {
            return;
        }
        before = now;
    }
}

/// The same moment on two clocks.
struct Clocks {
    /// Stands still while the machine sleeps.
    awake: Instant,
    /// Since the machine was started, asleep or not; absent where the system does not tell.
    up: Option<Duration>,
}

impl Clocks {
    fn now() -> Self {
        let uptime = std::fs::read_to_string("/proc/uptime").ok();
        let seconds = uptime.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
        Self {
            awake: Instant::now(),
            up: seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        }
    }
}

fn slept(before: &Clocks, now: &Clocks) -> Option<Millis> {
    let passed = now.up?.checked_sub(before.up?)?;
    let slept = passed.checked_sub(now.awake.duration_since(before.awake))?;
    let millis = u64::try_from(slept.as_millis()).unwrap_or(u64::MAX);
    (slept >= WORTH_A_LINE).then_some(Millis(millis))
}

impl Task {
    /// One line for each service that runs, and a look at how it is now.
    pub(super) fn on_slept(&mut self, slept: Millis) {
        tracing::info!(%slept, "the machine slept");
        let running: Vec<(String, u64)> = self
            .instances
            .iter()
            .filter(|(_, instance)| instance.live.is_some())
            .map(|(service, instance)| (service.clone(), instance.generation))
            .collect();
        for (service, generation) in running {
            self.say(&service, generation, format!("the machine slept {slept}"));
            self.handle(Event::ProbeNow { service });
        }
        // What ended meanwhile was told to nobody.
        self.look_at_containers();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_clock_that_goes_on_in_sleep_tells_of_it() {
        let start = Instant::now();
        let at = |awake, up| Clocks {
            awake: start + Duration::from_secs(awake),
            up: Some(Duration::from_secs(up)),
        };
        assert_eq!(slept(&at(0, 100), &at(15, 115)), None);
        assert_eq!(slept(&at(0, 100), &at(3600, 3700)), None, "a busy machine");
        let night = slept(&at(0, 100), &at(15, 100 + 15 + 8 * 3600));
        assert_eq!(night, Some(Millis(8 * 3_600_000)));
        let unknown = Clocks {
            awake: start,
            up: None,
        };
        assert_eq!(slept(&unknown, &at(15, 115)), None);
    }
}
