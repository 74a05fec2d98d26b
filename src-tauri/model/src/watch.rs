//! When a change of files asks for a rebuild: changes are gathered until it is
//! quiet, and what a build writes itself does not ask for the next one.
//!
//! A change during a build may be a person's, who saved too late for it, or the
//! build's own output. It is answered with one more build. What that one writes
//! again is its own output, and is ignored during builds from then on. Where that
//! does not end it, the watch pauses and says so.

use crate::time::{Millis, Tick};
use std::collections::{BTreeSet, VecDeque};

/// Changes are gathered until it was quiet for so long: an editor writes a file
/// in several steps.
const QUIET: Millis = Millis(250);

/// But no longer than this.
const PATIENCE: Millis = Millis::from_secs(2);

/// What changes so soon after a build belongs to it: news of files comes late.
const AFTERMATH: Millis = Millis(500);

/// More rebuilds than this within [`WINDOW`] are a loop.
const MOST: usize = 10;
const WINDOW: Millis = Millis::from_secs(60);

/// So many builds in a row that change what they watch are a loop.
const MOST_IN_A_ROW: u32 = 3;

/// At most so many files are remembered.
const MOST_FILES: usize = 1000;

/// The watch on the files of one service.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// The first and the last change that is not answered yet, and its file.
    waiting: Option<(Tick, Tick, String)>,
    building: bool,
    ended: Option<Tick>,
    /// Files that changed during the present build, or just after it.
    meanwhile: BTreeSet<String>,
    /// Files that builds write.
    own: BTreeSet<String>,
    in_a_row: u32,
    recent: VecDeque<Tick>,
    paused: Option<String>,
}

impl Watch {
    /// A file that is watched has changed.
    pub fn changed(&mut self, file: &str, now: Tick) {
        let in_build = self.building || self.is_aftermath(now);
        if in_build && self.own.contains(file) {
            return;
        }
        if in_build {
            if self.meanwhile.len() < MOST_FILES {
                self.meanwhile.insert(file.to_owned());
            }
            return;
        }
        let first = self.waiting.as_ref().map_or(now, |(first, ..)| *first);
        self.waiting = Some((first, now, file.to_owned()));
    }

    /// A build of the service has begun.
    pub fn build_began(&mut self) {
        self.building = true;
        self.waiting = None;
        self.meanwhile.clear();
    }

    /// It has ended.
    pub fn build_ended(&mut self, now: Tick) {
        self.building = false;
        self.ended = Some(now);
    }

    /// A person has asked for a build: what was before does not count.
    pub fn resume(&mut self) {
        self.paused = None;
        self.in_a_row = 0;
        self.recent.clear();
    }

    /// Why it pauses, one sentence, where it does.
    #[must_use]
    pub fn paused(&self) -> Option<&str> {
        self.paused.as_deref()
    }

    /// When [`Self::take_due`] is to be asked next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Tick> {
        if self.building || self.paused.is_some() {
            return None;
        }
        let meanwhile = self
            .ended
            .filter(|_| !self.meanwhile.is_empty())
            .map(|ended| ended.after(AFTERMATH));
        let quiet = self
            .waiting
            .as_ref()
            .map(|(first, last, _)| last.after(QUIET).min(first.after(PATIENCE)));
        meanwhile.into_iter().chain(quiet).min()
    }

    /// The cause of a rebuild that is due, one short sentence.
    pub fn take_due(&mut self, now: Tick) -> Option<String> {
        if self.next_deadline().is_none_or(|due| due > now) {
            return None;
        }
        if let Some((_, _, file)) = self.waiting.take() {
            // From outside: whatever builds write has nothing to do with it.
            self.in_a_row = 0;
            self.meanwhile.clear();
            return self.count(format!("{file} changed"), &file, now);
        }
        let written = std::mem::take(&mut self.meanwhile);
        let file = written.iter().next()?.clone();
        let room = MOST_FILES.saturating_sub(self.own.len());
        self.own.extend(written.into_iter().take(room));
        self.in_a_row += 1;
        if self.in_a_row > MOST_IN_A_ROW {
            return self.pause(&file);
        }
        self.count(format!("{file} changed during the build"), &file, now)
    }

    fn count(&mut self, cause: String, file: &str, now: Tick) -> Option<String> {
        self.recent.push_back(now);
        self.recent.retain(|at| now.since(*at) < WINDOW);
        if self.recent.len() > MOST {
            return self.pause(file);
        }
        Some(cause)
    }

    fn pause(&mut self, file: &str) -> Option<String> {
        self.paused = Some(format!(
            "the watch pauses, because rebuilding changes {file} again and again; exclude it with \
             `!` in `watch`, and rebuild by hand to go on"
        ));
        None
    }

    fn is_aftermath(&self, now: Tick) -> bool {
        self.ended.is_some_and(|ended| now.since(ended) < AFTERMATH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A build from `now` on that takes a second and writes this.
    fn build(watch: &mut Watch, now: u64, writes: &[&str]) {
        watch.build_began();
        writes
            .iter()
            .for_each(|file| watch.changed(file, Tick(now + 500)));
        watch.build_ended(Tick(now + 1000));
    }

    #[test]
    fn a_burst_of_changes_is_one_rebuild_when_it_is_quiet() {
        let mut watch = Watch::default();
        for ms in [0, 100, 200, 300] {
            watch.changed("a.rs", Tick(ms));
            assert_eq!(watch.take_due(Tick(ms)), None);
        }
        assert_eq!(watch.next_deadline(), Some(Tick(550)));
        assert_eq!(watch.take_due(Tick(549)), None);
        assert_eq!(watch.take_due(Tick(550)).as_deref(), Some("a.rs changed"));
        assert_eq!(watch.next_deadline(), None);
    }

    #[test]
    fn one_that_never_ends_is_answered_nevertheless() {
        let mut watch = Watch::default();
        (0..40).for_each(|n| watch.changed("a.rs", Tick(n * 100)));
        assert!(watch.take_due(Tick(2000)).is_some());
    }

    #[test]
    fn output_of_a_build_asks_for_one_more_at_most_and_an_edit_meanwhile_is_not_lost() {
        let mut watch = Watch::default();
        build(&mut watch, 0, &["gen.rs", "a.rs"]);
        assert_eq!(watch.take_due(Tick(1499)), None);
        let due = watch.take_due(Tick(1500));
        assert_eq!(due.as_deref(), Some("a.rs changed during the build"));
        // The build writes its output again; nobody edits.
        build(&mut watch, 2000, &["gen.rs"]);
        assert_eq!(watch.take_due(Tick(9000)), None);
        // Outside of builds the same file counts.
        watch.changed("gen.rs", Tick(10_000));
        assert!(watch.take_due(Tick(11_000)).is_some());
    }

    #[test]
    fn builds_that_write_something_new_each_time_pause_the_watch_until_a_person_acts() {
        let mut watch = Watch::default();
        let mut rebuilds = 0;
        for n in 0..20_u64 {
            build(&mut watch, n * 100_000, &[&format!("out-{n}.rs")]);
            rebuilds += u32::from(watch.take_due(Tick(n * 100_000 + 2000)).is_some());
        }
        assert_eq!(rebuilds, MOST_IN_A_ROW);
        assert!(watch.paused().is_some_and(|why| why.contains("out-3.rs")));
        assert_eq!(watch.next_deadline(), None);
        watch.resume();
        watch.changed("a.rs", Tick(9_000_000));
        assert!(watch.take_due(Tick(9_001_000)).is_some());
    }

    #[test]
    fn a_service_that_writes_what_it_watches_is_not_restarted_for_ever() {
        let mut watch = Watch::default();
        let mut rebuilds = 0;
        for n in 0..50 {
            watch.changed("data.db", Tick(n * 1000));
            rebuilds += usize::from(watch.take_due(Tick(n * 1000 + 300)).is_some());
        }
        assert_eq!(rebuilds, MOST);
        assert!(watch.paused().is_some());
    }
}
