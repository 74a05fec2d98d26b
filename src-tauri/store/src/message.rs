//! All that can be asked of the writer. Each is made by the method of
//! [`History`](crate::History) of the same name.

use crate::record::{NewEnvironment, NewRun, ProbeRow, ScenarioRow, WholeRun};
use crate::row::{Annotation, Instance, Transition};
use benchtop_model::alert::{Alert, Silence};
use benchtop_model::exit::Exit;
use benchtop_model::time::Timestamp;
use std::sync::mpsc::SyncSender;

/// One write. The large ones are boxed: the queue has ten thousand places.
#[derive(Debug)]
pub(crate) enum Message {
    RunStarted(Box<NewRun>),
    RunReady {
        run: String,
        at: Timestamp,
    },
    RunEnded {
        run: String,
        at: Timestamp,
    },
    InterruptRuns {
        except: Vec<String>,
    },
    InstanceStarted(Box<Instance>),
    InstanceReady(Box<InstanceKey>, Timestamp),
    InstanceEnded(Box<InstanceKey>, Timestamp, Exit),
    Transition(Box<Transition>),
    ProbeResult(Box<ProbeRow>),
    RememberEnvironment(Box<NewEnvironment>, Timestamp),
    ForgetEnvironment {
        id: String,
    },
    Annotate {
        run: String,
        annotation: Box<Annotation>,
    },
    ScenarioResult(Box<ScenarioRow>),
    InterruptScenarios,
    ImportRun(Box<WholeRun>),
    SetSetting {
        key: String,
        value: String,
    },
    KeepAlert(Box<Alert>),
    WithdrawAlert {
        run: String,
        number: u32,
    },
    Silence {
        environment: String,
        silence: Box<Silence>,
    },
    EndSilence {
        environment: String,
        service: String,
    },
    /// Writes nothing: answered when all before it are committed, with `false` where
    /// they had to be given up.
    Flush(SyncSender<bool>),
}

/// Which instance.
#[derive(Debug)]
pub(crate) struct InstanceKey {
    pub(crate) run: String,
    pub(crate) service: String,
    pub(crate) generation: u64,
}
