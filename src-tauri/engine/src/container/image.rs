//! Makes sure that the image of a container is there: builds it or pulls it.

use super::instance::{Step, is_status, say};
use super::runtime::Runtime;
use super::{context, pull};
use benchtop_model::plan::{Build, Container, PullPolicy};
use bollard::query_parameters as q;
use futures_util::StreamExt as _;
use std::collections::BTreeMap;

/// Makes sure that the image of a container is there: built where the file says
/// how, pulled otherwise.
pub(super) async fn ensure(
    runtime: &Runtime,
    container: &Container,
    progress: &impl Fn(Step),
) -> Result<(), String> {
    let (image, policy) = (&container.image, container.settings.pull);
    let platform = container.settings.platform.as_deref();
    let is_there = is_there(runtime, image).await?;
    match (&container.build, policy) {
        (Some(recipe), PullPolicy::Build) => {
            build(runtime, image, recipe, platform, progress).await
        }
        (_, PullPolicy::Missing | PullPolicy::Never | PullPolicy::Build) if is_there => Ok(()),
        (Some(recipe), _) => build(runtime, image, recipe, platform, progress).await,
        (None, PullPolicy::Never) => Err(format!(
            "image {image} is not present, and its `pull_policy` is `never`"
        )),
        (None, _) => pull::pull(runtime, image, platform, progress).await,
    }
}

/// Builds the image of a container, whether or not one is there.
///
/// # Errors
/// One sentence that says why there is no new image.
pub(crate) async fn rebuild(
    runtime: &Runtime,
    container: &Container,
    progress: &impl Fn(Step),
) -> Result<(), String> {
    let Some(recipe) = &container.build else {
        return Ok(());
    };
    let platform = container.settings.platform.as_deref();
    build(runtime, &container.image, recipe, platform, progress).await
}

async fn is_there(runtime: &Runtime, image: &str) -> Result<bool, String> {
    match runtime.docker.inspect_image(image).await {
        Ok(_) => Ok(true),
        Err(error) if is_status(&error, 404) => Ok(false),
        Err(error) => Err(format!(
            "cannot look for the image {image}: {}",
            say(&error)
        )),
    }
}

/// Builds an image from a folder of this host, or from what the engine fetches.
async fn build(
    runtime: &Runtime,
    image: &str,
    recipe: &Build,
    platform: Option<&str>,
    progress: &impl Fn(Step),
) -> Result<(), String> {
    progress(Step::Doing(format!("building {image}")));
    let remote = context::is_remote(&recipe.context);
    let packed = if remote {
        None
    } else {
        Some(context::pack(recipe)?)
    };
    let dockerfile = packed.as_ref().map(|packed| packed.dockerfile.clone());
    let options = options(image, recipe, platform, dockerfile);
    let body = packed.map(|packed| bollard::body_try_stream(packed.stream));
    let mut stream = std::pin::pin!(runtime.docker.build_image(options, None, body));
    while let Some(info) = stream.next().await {
        let info = info.map_err(|error| format!("cannot build {image}: {}", say(&error)))?;
        let text = info.stream.or(info.status).unwrap_or_default();
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        for line in lines {
            if let Some(step) = step_of(line) {
                progress(Step::Doing(format!("building {image}, {step}")));
            }
            progress(Step::Output(line.to_owned()));
        }
        if let Some(detail) = info.error_detail {
            let cause = detail
                .message
                .unwrap_or_else(|| "no cause is given".to_owned());
            return Err(format!("cannot build {image}: {}", cause.trim()));
        }
    }
    if !is_there(runtime, image).await? {
        return Err(format!(
            "cannot build {image}: the build ended without an image"
        ));
    }
    for tag in &recipe.tags {
        add_name(runtime, image, tag).await?;
    }
    Ok(())
}

/// `step 3 of 7: RUN make`, where the line begins a step of a build.
fn step_of(line: &str) -> Option<String> {
    let (number, what) = line.strip_prefix("Step ")?.split_once(" : ")?;
    let (done, all) = number.split_once('/')?;
    let is_number = |text: &str| text.parse::<u32>().is_ok();
    (is_number(done) && is_number(all)).then(|| format!("step {done} of {all}: {}", what.trim()))
}

/// Gives an image a further name.
async fn add_name(runtime: &Runtime, image: &str, name: &str) -> Result<(), String> {
    let name = pull::with_tag(name);
    let (repo, tag) = name.rsplit_once(':').unwrap_or((&name, "latest"));
    let options = q::TagImageOptions {
        repo: Some(repo.to_owned()),
        tag: Some(tag.to_owned()),
    };
    let named = runtime.docker.tag_image(image, Some(options)).await;
    named.map_err(|error| format!("cannot call {image} {name}: {}", say(&error)))
}

fn options(
    image: &str,
    recipe: &Build,
    platform: Option<&str>,
    dockerfile: Option<String>,
) -> q::BuildImageOptions {
    let map = |map: &BTreeMap<String, String>| Some(map.clone().into_iter().collect());
    let dockerfile = dockerfile.or_else(|| recipe.dockerfile.clone());
    q::BuildImageOptions {
        dockerfile: dockerfile.unwrap_or_else(|| "Dockerfile".to_owned()),
        t: Some(image.to_owned()),
        remote: context::is_remote(&recipe.context).then(|| recipe.context.clone()),
        buildargs: map(&recipe.args),
        labels: map(&recipe.labels),
        target: recipe.target.clone().unwrap_or_default(),
        networkmode: recipe.network.clone(),
        extrahosts: Some(recipe.extra_hosts.join(",")).filter(|hosts| !hosts.is_empty()),
        cachefrom: Some(recipe.cache_from.clone()).filter(|images| !images.is_empty()),
        shmsize: recipe.shm_size.and_then(|size| i32::try_from(size).ok()),
        nocache: recipe.no_cache,
        pull: recipe.pull.then(|| "1".to_owned()),
        platform: platform.unwrap_or_default().to_owned(),
        forcerm: true,
        ..q::BuildImageOptions::default()
    }
}

#[cfg(test)]
mod tests {
    use super::step_of;

    #[test]
    fn the_steps_of_a_build_are_read_from_what_it_says() {
        let step = step_of("Step 3/7 : RUN make ");
        assert_eq!(step.as_deref(), Some("step 3 of 7: RUN make"));
        for other in [
            "Step by step",
            "Step a/b : c",
            " ---> Running in 1",
            "Step 1/2",
        ] {
            assert_eq!(step_of(other), None, "{other}");
        }
    }
}
