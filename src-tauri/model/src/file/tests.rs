//! What a file means: from text to plan, one subject at a time. The messages are
//! looked at in `tests/messages.rs`.

mod engine;
mod files;
mod hooks;
mod needs;
mod reach;
mod rebuild;
mod run;
mod scenarios;
mod scrape;
mod several;

use super::*;
use crate::plan::{Container, RestartPolicy, Run, Service};
use crate::problem::Severity;
use crate::time::Millis;

/// Loads `/shop/benchtop.yaml` among other files of the same folder.
fn load_with(text: &str, others: &[(&str, &str)], profiles: &[&str]) -> Loaded {
    let variables = [("HOME", "/home/me"), ("SET", "outside")];
    let variables = variables.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let read = |path: &Path| {
        let name = path
            .strip_prefix("/shop")
            .map_err(|_| io::ErrorKind::NotFound)?;
        let all = || others.iter().copied().chain([("benchtop.yaml", text)]);
        let found = all().find(|(other, _)| name == Path::new(other));
        let (_, text) = found.ok_or(io::ErrorKind::NotFound)?;
        Ok(text.as_bytes().to_vec())
    };
    let sources = Sources {
        variables: &variables.into(),
        profiles: &profiles
            .iter()
            .map(|profile| (*profile).to_owned())
            .collect(),
        read: &read,
    };
    load(Path::new("/shop/benchtop.yaml"), &sources)
}

#[track_caller]
fn plan_with(text: &str, others: &[(&str, &str)], profiles: &[&str]) -> Plan {
    let loaded = load_with(text, others, profiles);
    let problems = &loaded.problems;
    loaded
        .plan
        .unwrap_or_else(|| panic!("no plan: {problems:#?}"))
}

#[track_caller]
fn plan(text: &str) -> Plan {
    plan_with(text, &[], &[])
}

/// The service `a` of a file that has these keys for it, beside a service `db`
/// with the endpoint `tcp`.
#[track_caller]
fn service(keys: &str) -> Service {
    let text =
        format!("services:\n  db: {{image: postgres, endpoints: {{tcp: 5432}}}}\n  a: {{{keys}}}");
    let mut plan = plan(&text);
    plan.services.remove("a").expect("the service a")
}

#[track_caller]
fn container(keys: &str) -> Container {
    match service(&format!("image: x, {keys}")).run {
        Run::Container(container) => container,
        other => panic!("{other:?}"),
    }
}

/// Messages of one severity.
fn said(text: &str, severity: Severity) -> Vec<String> {
    let problems = load_with(text, &[], &[]).problems;
    let said = problems
        .into_iter()
        .filter(|problem| problem.severity == severity);
    said.map(|problem| problem.message).collect()
}

#[test]
fn the_smallest_file_becomes_a_plan() {
    let plan = plan("services:\n  web:\n    image: nginx:1.27\n");
    assert_eq!(plan.name, "shop");
    assert_eq!(plan.project_dir, Path::new("/shop"));
    assert_eq!(plan.file, Path::new("/shop/benchtop.yaml"));
    let web = &plan.services["web"];
    assert_eq!(
        web.run,
        Run::Container(Container {
            image: "nginx:1.27".into(),
            ..Container::default()
        })
    );
    assert_eq!(
        (web.restart, web.stop_signal, web.stop_grace),
        (RestartPolicy::No, None, Millis(10_000))
    );
}

#[test]
fn the_files_that_were_looked_for_are_known() {
    let text = "services: {a: {image: x, env_file: [{path: sub/b.env, required: false}]}}";
    let inputs = load_with(text, &[(".env", "")], &[]).inputs;
    assert_eq!(
        inputs,
        ["/shop/benchtop.yaml", "/shop/.env", "/shop/sub/b.env"].map(PathBuf::from)
    );
}

#[test]
fn variables_come_from_outside_before_the_dotenv_file() {
    let text = "
name: ${NAME}
services:
  a:
    image: x:$TAG-$SET
    environment: [P=$COMPOSE_PROJECT_NAME, SET, TAG, NO, E=]
";
    let plan = plan_with(text, &[(".env", "NAME=mine\nTAG=7\nSET=inside")], &[]);
    assert_eq!(plan.name, "mine");
    let a = &plan.services["a"];
    let Run::Container(container) = &a.run else {
        panic!("{a:?}")
    };
    assert_eq!(container.image, "x:7-outside");
    let variables: Vec<_> = a
        .environment
        .iter()
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    assert_eq!(variables, ["E=", "P=mine", "SET=outside", "TAG=7"]);
}

#[test]
fn keys_of_others_are_ignored_in_silence() {
    let text = "
version: '3'
x-mine: {image: $NO}
networks: {default: {}}
scenarios: {s: {steps: [{wait: 1s, name: $NO}]}}
services:
  a: {image: x, x-y: 1, expose: [80], networks: [default]}
";
    assert_eq!(load_with(text, &[], &[]).problems, []);
}

#[test]
fn what_compose_knows_and_we_do_not_is_told_and_left_out() {
    let text = "
networks: {back: }
secrets: {}
services:
  a: {image: x, credential_spec: {file: x}, networks: [back], build: {context: ., isolation: x, ssh: [default]}}
";
    assert_eq!(
        said(text, Severity::Warning),
        [
            "`credential_spec` of service `a` is not supported yet and has no effect",
            "`isolation` of `build` is not supported yet and has no effect",
            "`ssh` of `build` needs BuildKit and has no effect",
        ]
    );
    assert!(load_with(text, &[], &[]).plan.is_some());
}

#[test]
fn a_merged_service_is_a_service() {
    let text = "
x-base: &base {image: x, environment: &env {A: 1}}
services:
  a:
    <<: *base
    environment: {<<: *env, B: 2}
";
    let a = plan(text).services.remove("a").expect("a");
    assert_eq!(
        a.environment.into_iter().collect::<Vec<_>>(),
        [("A".into(), "1".into()), ("B".into(), "2".into())]
    );
}

#[test]
fn a_problem_does_not_hide_others() {
    let text = "
services:
  a: {imge: x, ports: [abc], restart: maybe}
  b: {image: x, depends_on: [c], environment: {U: '{{a.http.url}}'}}
";
    assert_eq!(
        said(text, Severity::Error),
        [
            "unknown key `imge` in service `a`",
            "unknown restart policy `maybe`",
            "service `b` depends on `c`, which does not exist",
        ]
    );
}
