//! A container engine builds the image of a service, and the service finds its
//! secret inside. Needs an engine and the small test image; says so where not.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use benchtop_engine::container::instance::{self, Launch, Step};
use benchtop_engine::container::runtime::discover::Surroundings;
use benchtop_engine::container::{logs, look, runtime};
use benchtop_engine::load;
use benchtop_model::plan::Run;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

const BASE: &str = "benchtop-test/busybox:1";

const FILE: &str = "
services:
  a:
    build: {context: src, args: {WHAT: well}}
    command: sh -c 'sleep 1; cat /built /run/secrets/s; hostname -d; ulimit -n'
    secrets: [s]
    domainname: example.test
    ulimits: {nofile: 123}
    cap_drop: [ALL]
    read_only: false
    logging: {driver: json-file, options: {max-size: 1m}}
    tmpfs: '/run/x:size=64k'
secrets:
  s: {environment: SECRET}
";

#[tokio::test]
async fn an_image_is_built_and_its_container_has_what_the_file_says() {
    let wish = runtime::Wish {
        surroundings: Arc::new(Surroundings::of(&BTreeMap::new())),
        ..runtime::Wish::default()
    };
    let Ok(runtime) = runtime::connect(&wish).await else {
        println!(
            "SKIPPED an_image_is_built_and_its_container_has_what_the_file_says: no container engine answers"
        );
        return;
    };
    if runtime.docker.inspect_image(BASE).await.is_err() {
        println!(
            "SKIPPED an_image_is_built_and_its_container_has_what_the_file_says: the image {BASE} is not there"
        );
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    std::fs::create_dir(dir.path().join("src")).unwrap();
    write("compose.yaml", FILE);
    let recipe = format!("FROM {BASE}\nARG WHAT\nCOPY . /\nRUN echo built $WHAT > /built\n");
    write("src/Dockerfile", &recipe);
    let variables = BTreeMap::from([("SECRET".to_owned(), "hidden\n".to_owned())]);
    let loaded = load::load(dir.path(), &variables, &BTreeSet::new());
    let plan = loaded
        .plan
        .unwrap_or_else(|| panic!("{:?}", loaded.problems));
    let service = &plan.services["a"];
    let Run::Container(container) = &service.run else {
        panic!("a container")
    };
    let cancel = tokio_util::sync::CancellationToken::new();
    let launch = Launch {
        cancel: &cancel,
        fresh: false,
        plan: &plan,
        service,
        container,
        ports: &BTreeMap::new(),
        generation: 1,
        telemetry: &BTreeMap::new(),
    };
    let steps = Mutex::new(Vec::new());
    let launched =
        instance::launch(&runtime, &launch, |step| steps.lock().unwrap().push(step)).await;
    let mut lines = Vec::new();
    let ended = match launched {
        Ok(launched) => {
            let id = launched.id.clone();
            logs::follow(&runtime, launched, None, |new, _| {
                lines.extend(new.into_iter().map(|line| line.text))
            })
            .await;
            Ok(format!("{:?}", look::condition(&runtime, &id).await))
        }
        Err(cause) => Err(cause),
    };
    instance::remove_all(&runtime, &plan).await.unwrap();
    _ = runtime
        .docker
        .remove_image(
            &container.image,
            None::<bollard::query_parameters::RemoveImageOptions>,
            None,
        )
        .await;
    let ended = ended.unwrap();
    assert_eq!(
        lines,
        ["built well", "hidden", "example.test", "123"],
        "{ended}"
    );
    let steps = steps.into_inner().unwrap();
    assert!(steps.contains(&Step::Doing(format!("building {}", container.image))));
    let is_output = |step: &Step| matches!(step, Step::Output(line) if line.contains("FROM"));
    assert!(steps.iter().any(is_output), "{steps:?}");
}
