//! Wrong input: each gives a clear message and its exit code.

use benchtop_tests::{Home, Project};

/// Checks a definition that is wrong, and returns what is said about it.
fn refused(yaml: &str) -> String {
    let (home, project) = (Home::new(), Project::new(yaml));
    let file = project.file().display().to_string();
    let checked = home.benchtop(&["check", "-f", &file]).expect(2).stderr;
    let started = home
        .benchtop(&["up", "-f", &file, "--wait"])
        .expect(2)
        .stderr;
    assert_eq!(checked, started, "`check` and `up` say the same");
    checked.replace(&format!("{}/", project.path().display()), "")
}

#[test]
fn a_missing_file_is_named() {
    let home = Home::new();
    let said = home
        .benchtop(&["up", "-f", "/nowhere/benchtop.yaml"])
        .expect(2)
        .stderr;
    assert!(said.contains("/nowhere/benchtop.yaml"), "{said}");
    assert!(said.contains("no such file"), "{said}");
}

#[test]
fn a_folder_without_a_definition_says_what_was_looked_for() {
    let (home, project) = (Home::new(), Project::new(""));
    std::fs::remove_file(project.file()).expect("remove");
    let said = home
        .benchtop(&["check", "-f", &project.path().display().to_string()])
        .expect(2)
        .stderr;
    assert!(
        said.contains("benchtop.yaml") && said.contains("compose.yaml"),
        "{said}"
    );
}

#[test]
fn bad_yaml_has_a_place() {
    let said = refused("services:\n  a:\n    process: [x\n  b: {}\n");
    assert!(said.starts_with("benchtop.yaml:"), "{said}");
    assert!(said.contains("error:"), "{said}");
}

#[test]
fn every_error_is_reported_at_once_with_place_and_hint() {
    let said = refused(
        "services:\n  a:\n    proces: x\n  b:\n    process: y\n    references: [c]\n    restart: sometimes\n",
    );
    assert!(said.contains("benchtop.yaml:3:5"), "{said}");
    assert!(said.contains("`process`"), "the nearest key: {said}");
    assert!(said.contains("benchtop.yaml:6"), "{said}");
    assert!(said.contains("benchtop.yaml:7"), "{said}");
}

#[test]
fn an_error_shows_its_line_with_the_place_marked() {
    let said = refused("services:\n  a:\n    imge: postgres\n");
    assert!(
        said.contains("3 |     imge: postgres\n    |     ^^^^\n"),
        "{said}"
    );
    assert!(said.contains("did you mean `image`?"), "{said}");
}

#[test]
fn the_plan_of_a_good_definition_is_printed_without_its_secrets() {
    let (home, project) = (
        Home::new(),
        Project::new(
            "services:
  web:
    process: ./web --verbose
    endpoints: { http: 5001 }
    references: [db]
    environment: { API_TOKEN: hunter2 }
    probes: { ready: { http: /health } }
  db: { image: 'postgres:16', endpoints: { tcp: 5432 }, secrets: [pw] }
secrets: { pw: { content: open-sesame } }
",
        ),
    );
    let file = project.file().display().to_string();
    let said = home.benchtop(&["check", "-f", &file]).expect(0).stdout;
    for line in [
        "web  process  ./web --verbose",
        "  waits for  db to be healthy",
        "  endpoint   http  http://localhost:5001",
        "  probe      ready: http /health",
        "  injected   DB_URL=tcp://localhost:5432",
        "  variable   API_TOKEN=••••••",
    ] {
        assert!(
            said.lines().any(|l| l == line),
            "`{line}` is not in\n{said}"
        );
    }
    let json = home
        .benchtop(&["check", "--json", "-f", &file])
        .expect(0)
        .stdout;
    let report: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let web = &report["summary"][1];
    assert_eq!(web["waits_for"][0]["condition"], "healthy", "{web}");
    assert_eq!(web["endpoints"][0]["url"], "http://localhost:5001", "{web}");
    for secret in ["hunter2", "open-sesame"] {
        assert!(
            !said.contains(secret) && !json.contains(secret),
            "{secret} is shown"
        );
    }
}

#[test]
fn a_cycle_is_printed_as_a_path() {
    let said = refused(
        "services:\n  a: { process: x, references: [b] }\n  b: { process: x, references: [c] }\n  c: { process: x, references: [a] }\n",
    );
    assert!(said.contains("a → b → c → a"), "{said}");
}

#[test]
fn an_unknown_dependency_has_a_nearest_name() {
    let said = refused(
        "services:\n  postgres: { process: x }\n  a: { process: x, references: [postgre] }\n",
    );
    assert!(
        said.contains("`postgre`") && said.contains("`postgres`"),
        "{said}"
    );
}

#[test]
fn a_good_definition_is_resolved() {
    let (home, project) = (
        Home::new(),
        Project::new("services:\n  web: { process: x, references: [db] }\n  db: { process: y }\n"),
    );
    let file = project.file().display().to_string();
    let said = home.benchtop(&["check", "-f", &file]).expect(0).stdout;
    assert!(said.contains("db, web"), "{said}");
    let json = home
        .benchtop(&["check", "--json", "-f", &file])
        .expect(0)
        .stdout;
    let report: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(report["start_order"], serde_json::json!(["db", "web"]));
}

#[test]
fn what_is_imported_passes_its_own_check() {
    let (home, project) = (Home::new(), Project::new("services: {}"));
    let path = |name: &str| project.path().join(name).display().to_string();
    let manifest = r#"{"resources": {
        "cache": {"type": "container.v0", "image": "redis:7",
                  "bindings": {"tcp": {"scheme": "redis", "protocol": "tcp", "targetPort": 6379}}},
        "api": {"type": "project.v0", "path": "Api.csproj",
                "env": {"CACHE": "{cache.bindings.tcp.host}"}},
        "bus": {"type": "azure.bicep.v0", "path": "bus.bicep"}}}"#;
    std::fs::write(path("aspire-manifest.json"), manifest).expect("a manifest");
    let (source, output) = (path("aspire-manifest.json"), path("made.yaml"));
    let import = ["import", "aspire", &source, "-o", &output];
    let said = home.benchtop(&import).expect(0).stderr;
    assert!(said.contains("`bus` is only a comment"), "{said}");
    let said = home.benchtop(&["check", "-f", &output]).expect(0).stdout;
    assert!(said.contains("cache, api"), "the order follows: {said}");
    let again = home.benchtop(&import).expect(2).stderr;
    assert!(again.contains("is there already"), "{again}");

    std::fs::write(path("part.yaml"), "services: {b: {image: redis}}").expect("a part");
    let whole = "include: [part.yaml]\nservices: {a: {image: '${IMAGE:-x}'}}";
    std::fs::write(path("compose.yaml"), whole).expect("a Compose file");
    let text = home
        .benchtop(&["import", "compose", &path("compose.yaml")])
        .expect(0)
        .stdout;
    assert!(
        text.contains("${IMAGE:-x}") && text.contains("image: redis"),
        "{text}"
    );
}

#[test]
fn a_wrong_command_line_exits_with_two() {
    let home = Home::new();
    assert_eq!(home.benchtop(&["up", "--no-such-switch"]).code, 2);
    assert_eq!(home.benchtop(&["fly"]).code, 2);
    let said = home
        .benchtop(&["restart", "--sample", "store-room"])
        .expect(2)
        .stderr;
    assert!(said.contains("there is no service `store-room`"), "{said}");
}
