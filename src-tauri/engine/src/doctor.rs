//! Finds out how this machine is; what follows from it is decided in
//! [`benchtop_model::doctor`].
//!
//! Everything is looked at at the same time, and each look has a deadline: what takes
//! longer is told as not known. Nothing here changes anything but [`leftovers::remove`].

mod environment;
mod files;
pub mod leftovers;
mod loopback;
mod machine;
mod network;
mod runtimes;

pub use environment::{missing_programs, ports};
pub use files::folder;

use crate::container::runtime::survey::survey;
use crate::container::runtime::{self, Wish};
use benchtop_model::doctor::facts::{
    DataFact, Fact, Integrity, MachineFacts, NetworkFacts, PortFact, RuntimeFact,
};
use benchtop_model::doctor::leftovers::Labelled;
use benchtop_model::doctor::preflight::Quick;
use benchtop_model::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long one look may take. A container runtime that hangs is known as such before.
const PATIENCE: Duration = Duration::from_secs(6);

/// How long all of what a start asks may take.
pub const QUICK: Duration = Duration::from_millis(200);

/// What is to be looked at.
#[derive(Clone, Debug)]
pub struct Question {
    /// Which container runtime is to be used.
    pub wish: Wish,
    /// The environment's definition, where there is one.
    pub plan: Option<Arc<Plan>>,
    /// Services of which an instance lives: their ports are their own.
    pub own: BTreeSet<String>,
    /// Variables that processes start with.
    pub variables: Arc<BTreeMap<String, String>>,
    /// The data folder.
    pub data: PathBuf,
}

/// What was found out.
#[derive(Clone, Debug)]
pub struct Findings {
    /// Container runtimes.
    pub runtimes: Fact<Vec<RuntimeFact>>,
    /// Disk, memory, processors and limits.
    pub machine: MachineFacts,
    /// Loopback, names, proxies.
    pub network: NetworkFacts,
    /// What carries our label.
    pub leftovers: Fact<Vec<Labelled>>,
    /// The environment's fixed ports.
    pub ports: Vec<PortFact>,
    /// Programs of its processes that are not there.
    pub missing: Vec<(String, String)>,
    /// The data folder; the history is looked at by whoever knows it.
    pub data: DataFact,
}

/// Looks at everything.
pub async fn look(question: &Question) -> Findings {
    let surveyed = within(PATIENCE, async { Ok(survey(&question.wish).await) });
    let used = async { runtime::connect(&question.wish).await.ok() };
    let (found, network, (used, machine), data) = futures_util::join!(
        surveyed,
        network::look(question),
        async {
            let used = used.await;
            let root = match &used {
                Some(runtime) => runtimes::root_dir(runtime).await,
                None => None,
            };
            (used, machine::look(question, root).await)
        },
        blocking({
            let data = question.data.clone();
            move || Ok(folder(&data, true))
        }),
    );
    let (leftovers, ports, missing) = futures_util::join!(
        leftovers::look(used.as_ref(), &question.data),
        ports(question, used.as_ref()),
        environment::programs(question),
    );
    Findings {
        runtimes: found.map(|all| runtimes::facts(all, &question.wish)),
        machine,
        network,
        leftovers,
        ports,
        missing,
        data: data.unwrap_or_else(|why| unknown(&question.data, why)),
    }
}

/// Looks at what a start depends upon, for [`QUICK`] at the most. The runtimes are left
/// out where one is known to answer, or none is needed.
pub async fn glance(question: &Question, ask_runtimes: bool) -> Quick {
    let surveyed = async {
        match ask_runtimes {
            // Only those that a start would use: to survey all takes longer.
            true => runtime::connect(&question.wish).await.err(),
            false => None,
        }
    };
    let data = question.data.clone();
    let (runtimes, network, disks, ports, data) = futures_util::join!(
        tokio::time::timeout(QUICK, surveyed),
        tokio::time::timeout(QUICK, network::glance()),
        tokio::time::timeout(QUICK, machine::disks(question, None)),
        tokio::time::timeout(QUICK, ports(question, None)),
        tokio::time::timeout(QUICK, blocking(move || Ok(folder(&data, false)))),
    );
    Quick {
        runtimes: runtimes
            .ok()
            .flatten()
            .map(|problem| vec![runtimes::unusable(&problem, &question.wish)]),
        network: network.ok(),
        disks: disks.unwrap_or_default(),
        ports: ports.unwrap_or_default(),
        data: data.ok().and_then(Result::ok),
    }
}

fn unknown(data: &Path, why: String) -> DataFact {
    DataFact {
        path: data.display().to_string(),
        usable: Ok(()),
        size: Err(why.clone()),
        history: Ok(Integrity::Absent),
    }
}

async fn within<T>(limit: Duration, look: impl Future<Output = Fact<T>>) -> Fact<T> {
    match tokio::time::timeout(limit, look).await {
        Ok(found) => found,
        Err(_) => Err(format!(
            "it took longer than {} s to find out",
            limit.as_secs()
        )),
    }
}

/// A look that may block, on a thread where that harms nobody.
async fn blocking<T: Send + 'static>(look: impl FnOnce() -> Fact<T> + Send + 'static) -> Fact<T> {
    let look = tokio::task::spawn_blocking(look);
    within(PATIENCE, async {
        look.await.unwrap_or_else(|error| Err(error.to_string()))
    })
    .await
}
