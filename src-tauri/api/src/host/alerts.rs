//! Keeps the alerts of an environment: tells the machine what happens, keeps what it
//! decides, and tells faces, with the cause as the diagnosis puts it.

use super::diagnosis;
use super::notifier::Notifier;
use super::open::OpenEnvironment;
use crate::schema::{AlertNews, AlertNewsKind, Event, Topic};
use benchtop_engine::clock;
use benchtop_engine::environment::snapshot::EnvironmentSnapshot;
use benchtop_model::alert::{Alert, AlertBook, Effect, Moment, Needs, Observed, Silence};
use benchtop_model::plan::Plan;
use benchtop_model::time::Timestamp;
use benchtop_store::History;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Notify, broadcast};

/// The last lines of a program arrive a moment after its end.
const LAST_LINES: Duration = Duration::from_millis(300);

/// So long people are kept waiting for a better sentence than the supervisor's.
const PATIENCE: Duration = Duration::from_secs(3);

/// The alerts of one environment.
pub(super) struct Alerts {
    environment: String,
    name: String,
    history: History,
    notifier: Notifier,
    events: broadcast::Sender<Event>,
    /// Known only after whatever reports to us.
    open: OnceLock<Weak<OpenEnvironment>>,
    state: Mutex<State>,
    /// The next deadline may have changed.
    wake: Notify,
}

#[derive(Default)]
struct State {
    book: AlertBook,
    /// The plan that the book's needs are of.
    plan: Option<Arc<Plan>>,
}

impl Alerts {
    /// Goes on with what the history knows of this run, or of the last one.
    pub(super) fn new(
        environment: String,
        plan: &Plan,
        run: Option<&str>,
        history: History,
        notifier: Notifier,
        events: broadcast::Sender<Event>,
    ) -> Arc<Self> {
        let mut book = AlertBook::new(Needs::of(plan));
        if let Err(error) = resume(&mut book, &environment, run, &history) {
            tracing::error!(%error, "alerts of before are not known");
        }
        Arc::new(Self {
            environment,
            name: plan.name.clone(),
            history,
            notifier,
            events,
            open: OnceLock::new(),
            state: Mutex::new(State { book, plan: None }),
            wake: Notify::new(),
        })
    }

    /// Begins to work, once the environment is there.
    pub(super) fn start(self: &Arc<Self>, open: &Arc<OpenEnvironment>) {
        // It is started once.
        _ = self.open.set(Arc::downgrade(open));
        let (alerts, open) = (Arc::clone(self), Arc::downgrade(open));
        tokio::spawn(async move {
            if let Some(open) = open.upgrade() {
                open.handle.wait_adopted().await;
                let now = snapshot(&open);
                alerts.look(&now);
            }
            while open.strong_count() > 0 {
                alerts.next().await;
            }
        });
    }

    /// A service has changed its state.
    pub(super) fn observe(self: &Arc<Self>, observed: &Observed<'_>) {
        self.with(|book, now| book.observe(observed, now));
    }

    /// A run begins.
    pub(super) fn begin_run(self: &Arc<Self>, run: &str, plan: &Arc<Plan>) {
        self.redefine(plan);
        self.with(|book, now| book.begin_run(run, now));
    }

    /// Nobody wants to hear of a service, or people do again.
    pub(super) fn silence(self: &Arc<Self>, service: &str, silence: Option<Silence>) {
        match &silence {
            Some(silence) => self.history.silence(&self.environment, silence.clone()),
            None => self.history.end_silence(&self.environment, service),
        }
        self.with(|book, now| book.silence(service, silence, now));
        self.tell_changed();
    }

    /// The silences in force.
    pub(super) fn silences(&self) -> Vec<Silence> {
        self.lock().book.silences(clock::now())
    }

    /// Open alerts that somebody wants to hear of.
    pub(super) fn count(&self) -> u32 {
        let (state, now) = (self.lock(), clock::now());
        let open = state.book.open().iter();
        let heard = open.filter(|alert| !state.book.is_silent(&alert.service, now));
        u32::try_from(heard.count()).unwrap_or(u32::MAX)
    }

    /// Everything as it is now: what an earlier engine left may have changed meanwhile.
    fn look(self: &Arc<Self>, snapshot: &EnvironmentSnapshot) {
        self.redefine(&snapshot.plan);
        for service in &snapshot.services {
            let observed = Observed {
                service: &service.name,
                lifecycle: service.lifecycle,
                status: service.status,
                cause: service
                    .reason
                    .as_deref()
                    .unwrap_or("the cause is not known"),
                at: match service.since {
                    Timestamp(0) => clock::now(),
                    since => since,
                },
            };
            self.observe(&observed);
        }
    }

    /// Waits until time alone may have changed something.
    async fn next(self: &Arc<Self>) {
        let due = self.lock().book.next_deadline(moment());
        match due {
            None => self.wake.notified().await,
            Some(due) => {
                tokio::select! {
                    () = self.wake.notified() => return,
                    () = tokio::time::sleep_until(clock::instant_of(due)) => {}
                }
                self.with(|book, now| book.tick(now));
                self.tell_changed();
            }
        }
    }

    /// The machine must know what services need; a definition that was taken over is
    /// another object.
    fn redefine(self: &Arc<Self>, plan: &Arc<Plan>) {
        let mut state = self.lock();
        if state
            .plan
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(known, plan))
        {
            return;
        }
        state.plan = Some(Arc::clone(plan));
        let effects = state.book.redefine(Needs::of(plan), moment());
        self.perform(effects);
    }

    fn with(self: &Arc<Self>, act: impl FnOnce(&mut AlertBook, Moment) -> Vec<Effect>) {
        if let Some(open) = self.open.get().and_then(Weak::upgrade) {
            self.redefine(&snapshot(&open).plan);
        }
        let mut state = self.lock();
        let effects = act(&mut state.book, moment());
        // While the book is locked, so that what is kept has the order of what was decided.
        self.perform(effects);
        drop(state);
        self.wake.notify_one();
    }

    fn perform(self: &Arc<Self>, effects: Vec<Effect>) {
        if effects.is_empty() {
            return;
        }
        for effect in effects {
            match effect {
                Effect::Raised(alert) => {
                    self.history.keep_alert(alert.clone());
                    self.find_out(alert, AlertNewsKind::Raised);
                }
                Effect::Moved(alert) => {
                    self.history.keep_alert(alert.clone());
                    self.find_out(alert, AlertNewsKind::Moved);
                }
                Effect::Changed(alert) => self.history.keep_alert(alert),
                Effect::Closed(alert) => {
                    self.history.keep_alert(alert.clone());
                    self.tell_later(alert, AlertNewsKind::Closed);
                }
                Effect::Withdrawn(alert) => {
                    self.history.withdraw_alert(&alert.run, alert.number);
                    self.tell_later(alert, AlertNewsKind::Withdrawn);
                }
            }
        }
        self.tell_changed();
    }

    /// Tells people of an alert, after a look at why.
    fn find_out(self: &Arc<Self>, alert: Alert, news: AlertNewsKind) {
        let alerts = Arc::clone(self);
        tokio::spawn(async move {
            let found = tokio::time::timeout(PATIENCE, alerts.diagnose(&alert.service)).await;
            let still = {
                let mut state = alerts.lock();
                if let Ok(Some((cause, next))) = found {
                    let effects = state.book.explain(alert.number, &cause, next.as_deref());
                    alerts.perform(effects);
                }
                let mut open = state.book.open().iter();
                open.find(|a| a.number == alert.number && a.service == alert.service)
                    .cloned()
            };
            // What is over already, or was found to begin elsewhere, is told of there.
            if let Some(alert) = still {
                alerts.tell(alert, news);
            }
        });
    }

    async fn diagnose(&self, service: &str) -> Option<(String, Option<String>)> {
        tokio::time::sleep(LAST_LINES).await;
        let open = self.open.get()?.upgrade()?;
        // What was decided upon shows in the snapshot that the diagnosis is made of.
        open.handle.sync().await;
        let report = tokio::task::spawn_blocking(move || diagnosis::report(&open)).await;
        let mut found = report.ok()?.diagnoses.into_iter();
        let found = found.find(|diagnosis| diagnosis.service == service)?;
        Some((found.sentence, found.next))
    }

    /// The book is locked now.
    fn tell_later(self: &Arc<Self>, alert: Alert, news: AlertNewsKind) {
        let alerts = Arc::clone(self);
        tokio::spawn(async move { alerts.tell(alert, news) });
    }

    fn tell(&self, alert: Alert, news: AlertNewsKind) {
        let silenced = self.lock().book.is_silent(&alert.service, clock::now());
        // Nobody listening is fine.
        _ = self.events.send(Event::Alert(AlertNews {
            environment: self.environment.clone(),
            name: self.name.clone(),
            news,
            alert,
            silenced,
        }));
    }

    /// Lists and counts are others.
    fn tell_changed(&self) {
        self.notifier.mark(Topic::Alerts);
        self.notifier.mark(Topic::Status);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state of the environment, without counting as somebody who looks at it.
fn snapshot(open: &OpenEnvironment) -> Arc<EnvironmentSnapshot> {
    Arc::clone(&open.handle.subscribe().borrow())
}

fn moment() -> Moment {
    Moment {
        tick: clock::tick(),
        wall: clock::now(),
    }
}

fn resume(
    book: &mut AlertBook,
    environment: &str,
    run: Option<&str>,
    history: &History,
) -> Result<(), benchtop_store::StoreError> {
    let last = match run {
        Some(run) => Some(run.to_owned()),
        None => history.runs(Some(environment), 1)?.pop().map(|run| run.id),
    };
    let silences = history.silences(environment)?;
    let known = last.as_deref().map(|run| history.alerts(run));
    let known = known.transpose()?.unwrap_or_default();
    let number = known.iter().map(|alert| alert.number).max().unwrap_or(0);
    let mut open: Vec<Alert> = known.into_iter().filter(Alert::is_open).collect();
    open.sort_by_key(|alert| alert.number);
    book.resume(
        last.as_deref().unwrap_or_default(),
        number,
        open,
        silences,
        moment(),
    );
    Ok(())
}
