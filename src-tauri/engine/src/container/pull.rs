//! Pulls an image: at most so many at once, layer by layer, with the user's
//! credentials, and never silently stuck. Dropping the future calls it off: the
//! runtime stops when the connection breaks.

use super::instance::{Step, say};
use super::registry_auth;
use super::runtime::{PATIENCE, Runtime};
use bollard::errors::Error;
use bollard::models::CreateImageInfo;
use bollard::query_parameters::{CreateImageOptions, ListImagesOptions};
use futures_util::{Stream, StreamExt as _};
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Pulls at the same time, over all environments. The runtime loads three
/// layers at a time by itself (`max-concurrent-downloads` of dockerd), so more
/// pulls would only stand in its queue; one more than that keeps it busy while
/// another extracts.
const AT_ONCE: usize = 4;

/// A pull that brings nothing for so long is said to have stalled.
const STALL: Duration = Duration::from_secs(30);

/// A pull that brings nothing for so long is given up.
const GIVE_UP: Duration = Duration::from_secs(300);

/// Time between two reports: more often nobody reads them.
const REPORT: Duration = Duration::from_millis(100);

/// So many tags that are present are named at the most.
const TAGS: usize = 5;

static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);

/// How far a pull has got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullProgress {
    /// The image.
    pub image: String,
    /// In the order in which the runtime named them.
    pub layers: Vec<Layer>,
    /// Nothing has come for [`STALL`].
    pub stalled: bool,
}

/// One layer of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layer {
    /// The beginning of its digest.
    pub id: String,
    /// The runtime's own word.
    pub state: String,
    /// Bytes that have arrived.
    pub done: u64,
    /// Its size in bytes, once known.
    pub total: Option<u64>,
}

impl PullProgress {
    /// Bytes of all layers that have arrived.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.layers.iter().map(|layer| layer.done).sum()
    }

    /// Bytes of all layers, as far as they are known.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        let known: Vec<u64> = self.layers.iter().filter_map(|layer| layer.total).collect();
        (!known.is_empty()).then(|| known.iter().sum())
    }

    /// One line: `pulling postgres:16, 43 %`.
    #[must_use]
    pub fn describe(&self) -> String {
        let share = match self.total() {
            Some(total) if total > 0 => format!("{} %", self.done().min(total) * 100 / total),
            _ => "preparing".to_owned(),
        };
        let stalled = if self.stalled {
            format!("; nothing has come for {} s", STALL.as_secs())
        } else {
            String::new()
        };
        format!("pulling {}, {share}{stalled}", self.image)
    }

    fn take(&mut self, info: &CreateImageInfo) {
        self.stalled = false;
        let (Some(id), Some(state)) = (&info.id, &info.status) else {
            return;
        };
        // The tag comes first, as `Pulling from library/postgres`.
        if state.starts_with("Pulling from") {
            return;
        }
        let known = self.layers.iter().position(|layer| layer.id == *id);
        let place = known.unwrap_or_else(|| {
            self.layers.push(Layer {
                id: id.clone(),
                ..Layer::default()
            });
            self.layers.len() - 1
        });
        let detail = info.progress_detail.as_ref();
        let number = |number: Option<i64>| number.and_then(|n| u64::try_from(n).ok());
        let current = number(detail.and_then(|d| d.current)).unwrap_or(0);
        let total = number(detail.and_then(|d| d.total)).filter(|total| *total > 0);
        self.layers[place].step(state, current, total);
    }
}

impl Layer {
    /// Only loading counts bytes; extracting counts the same ones once more.
    fn step(&mut self, state: &str, current: u64, total: Option<u64>) {
        state.clone_into(&mut self.state);
        match state {
            "Downloading" => {
                self.total = total.or(self.total);
                self.done = current.max(self.done);
            }
            "Pulling fs layer" | "Waiting" | "Retrying" => {}
            // Everything later stands on complete bytes.
            _ => self.done = self.total.unwrap_or(self.done),
        }
    }
}

/// Pulls an image.
///
/// # Errors
/// One sentence that says why there is none.
pub(super) async fn pull(
    runtime: &Runtime,
    image: &str,
    platform: Option<&str>,
    progress: &impl Fn(Step),
) -> Result<(), String> {
    progress(Step::Doing(format!("pulling {image}, after others")));
    // Never closed.
    let _turn = TURNS.acquire().await;
    let credentials = registry_auth::of_image(&runtime.surroundings, image).await?;
    let options = CreateImageOptions {
        from_image: Some(with_tag(image)),
        platform: platform.unwrap_or_default().to_owned(),
        ..CreateImageOptions::default()
    };
    let stream = runtime
        .docker
        .create_image(Some(options), None, credentials);
    let pulled = follow(image, stream, progress).await;
    match pulled {
        Err(cause) => Err(cause + &others(&local_tags(runtime, image).await)),
        done => done,
    }
}

/// Tags of the same image that are present: one of them may be what was meant.
async fn local_tags(runtime: &Runtime, image: &str) -> Vec<String> {
    let with_tag = with_tag(image);
    let repository = with_tag
        .rsplit_once(':')
        .map_or(image, |(before, _)| before);
    let options = ListImagesOptions {
        filters: Some(HashMap::from([(
            "reference".to_owned(),
            vec![repository.to_owned()],
        )])),
        ..ListImagesOptions::default()
    };
    let listed = runtime.docker.list_images(Some(options));
    // Without an answer nothing is offered.
    let Ok(Ok(found)) = tokio::time::timeout(PATIENCE, listed).await else {
        return Vec::new();
    };
    let mut tags: Vec<String> = found.into_iter().flat_map(|i| i.repo_tags).collect();
    tags.sort();
    tags.truncate(TAGS);
    tags
}

fn others(tags: &[String]) -> String {
    match tags {
        [] => String::new(),
        tags => format!("; present are {}", tags.join(", ")),
    }
}

/// What a registry's client says, in a word where the reason is this machine's network.
fn cause_of(message: &str) -> String {
    const NO_NETWORK: [&str; 4] = [
        "network is unreachable",
        "no such host",
        "Temporary failure in name resolution",
        "connect: no route to host",
    ];
    // A resolver that refuses is one that is not there.
    let resolver = message.contains("dial tcp: lookup") && message.contains("connection refused");
    match resolver || NO_NETWORK.iter().any(|sign| message.contains(sign)) {
        true => format!("no network, or no such registry ({})", message.trim()),
        false => message.trim().to_owned(),
    }
}

/// Reports on a pull until it has ended.
async fn follow(
    image: &str,
    stream: impl Stream<Item = Result<CreateImageInfo, Error>>,
    progress: &impl Fn(Step),
) -> Result<(), String> {
    let mut stream = std::pin::pin!(stream);
    let failed = |cause: &str| {
        let cause = cause_of(cause);
        format!("image {image} is not present and cannot be pulled: {cause}")
    };
    let mut state = PullProgress {
        image: image.to_owned(),
        ..PullProgress::default()
    };
    progress(Step::Pulling(state.clone()));
    let (mut silence, mut told) = (Duration::ZERO, Instant::now());
    loop {
        let info = match tokio::time::timeout(STALL, stream.next()).await {
            Ok(None) => return Ok(()),
            Ok(Some(Err(error))) => return Err(failed(&say(&error))),
            Ok(Some(Ok(info))) => info,
            Err(_) => {
                silence += STALL;
                if silence >= GIVE_UP {
                    let why = format!("nothing came for {} s", GIVE_UP.as_secs());
                    return Err(failed(&why));
                }
                state.stalled = true;
                progress(Step::Pulling(state.clone()));
                continue;
            }
        };
        if let Some(message) = info.error_detail.as_ref().and_then(|e| e.message.as_ref()) {
            return Err(failed(message));
        }
        let was_stalled = state.stalled;
        state.take(&info);
        silence = Duration::ZERO;
        if was_stalled || told.elapsed() >= REPORT {
            told = Instant::now();
            progress(Step::Pulling(state.clone()));
        }
    }
}

/// Without a tag the API would pull every tag there is.
pub(super) fn with_tag(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.contains(':') || last.contains('@') {
        image.to_owned()
    } else {
        format!("{image}:latest")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::ProgressDetail;
    use std::sync::Mutex;

    fn info(id: &str, status: &str, bytes: Option<(i64, i64)>) -> CreateImageInfo {
        CreateImageInfo {
            id: Some(id.to_owned()),
            status: Some(status.to_owned()),
            progress_detail: bytes.map(|(current, total)| ProgressDetail {
                current: Some(current),
                total: Some(total),
            }),
            ..CreateImageInfo::default()
        }
    }

    #[test]
    fn an_image_without_a_tag_means_latest() {
        assert_eq!(with_tag("postgres"), "postgres:latest");
        let far = "host:5000/team/postgres";
        assert_eq!(with_tag(far), format!("{far}:latest"));
        assert_eq!(with_tag("postgres:16"), "postgres:16");
        assert_eq!(with_tag("postgres@sha256:00"), "postgres@sha256:00");
    }

    #[test]
    fn layers_add_up_and_never_go_back() {
        let mut pull = PullProgress {
            image: "a:1".to_owned(),
            ..PullProgress::default()
        };
        pull.take(&info("1", "Pulling from team/a", None));
        assert_eq!(pull.layers, [], "the tag is no layer");
        pull.take(&info("aa", "Pulling fs layer", None));
        pull.take(&info("bb", "Already exists", None));
        assert_eq!(pull.describe(), "pulling a:1, preparing");
        pull.take(&info("aa", "Downloading", Some((25, 100))));
        assert_eq!(pull.describe(), "pulling a:1, 25 %");
        pull.take(&info("aa", "Download complete", None));
        pull.take(&info("aa", "Extracting", Some((10, 100))));
        assert_eq!((pull.done(), pull.total()), (100, Some(100)));
        assert_eq!(pull.layers[0].state, "Extracting");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pull_that_stands_still_is_said_so_and_then_given_up() {
        let told = Mutex::new(Vec::new());
        let first = futures_util::stream::iter([Ok(info("aa", "Downloading", Some((1, 9))))]);
        let stream = first.chain(futures_util::stream::pending());
        let tell = |step| {
            if let Step::Pulling(pull) = step {
                let mut told = told.lock().expect("told");
                told.push((pull.stalled, Instant::now()));
            }
        };
        let began = Instant::now();
        let outcome = follow("a:1", stream, &tell).await;
        assert!(outcome.is_err_and(|cause| cause.contains("nothing came for 300 s")));
        let told = told.lock().expect("told");
        let stalled = told.iter().find(|(stalled, _)| *stalled);
        assert_eq!(stalled.map(|(_, at)| *at - began), Some(STALL));
    }
}
