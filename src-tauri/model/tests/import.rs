//! Imports give files that open: every Aspire manifest and every Compose project
//! of the corpus, and made-up ones with every kind of resource.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use benchtop_model::file::{self, Loaded, Sources};
use benchtop_model::import::{self, Imported};
use benchtop_model::plan::{HostPort, Plan, Run};
use benchtop_model::problem::Severity;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Reads `text` as if it were the file at `path`.
fn load_text(path: &Path, text: &str) -> Loaded {
    let read = |asked: &Path| match asked == path {
        true => Ok(text.as_bytes().to_vec()),
        false => std::fs::read(asked),
    };
    with_sources(&read, |sources| file::load(path, sources))
}

fn with_sources<T>(
    read: &dyn Fn(&Path) -> std::io::Result<Vec<u8>>,
    then: impl FnOnce(&Sources<'_>) -> T,
) -> T {
    let variables = BTreeMap::from([("HOME".to_owned(), "/home/me".to_owned())]);
    then(&Sources {
        variables: &variables,
        profiles: &BTreeSet::new(),
        read,
    })
}

fn errors(loaded: &Loaded) -> String {
    let errors = loaded.problems.iter();
    let errors = errors.filter(|p| p.severity == Severity::Error);
    errors.map(|p| format!("{p}\n")).collect()
}

fn opened(imported: &Imported) -> Plan {
    let text = imported.text.as_deref().unwrap();
    let loaded = load_text(Path::new("/project/benchtop.yaml"), text);
    let errors = errors(&loaded);
    loaded.plan.unwrap_or_else(|| panic!("{errors}\n{text}"))
}

#[test]
fn every_real_aspire_manifest_becomes_a_file_that_opens() {
    let Some(corpus) = corpus("aspire") else {
        println!(
            "SKIPPED every_real_aspire_manifest_becomes_a_file_that_opens: there is no corpus; \
             BENCHTOP_CORPUS names its folder"
        );
        return;
    };
    let (mut opened_count, mut all) = (0, 0);
    for path in files(&corpus, "json") {
        all += 1;
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let imported = import::manifest(name, &text, "");
        // This one is not JSON in the original.
        if name == "webpubsub.json" {
            assert!(imported.text.is_none(), "{name}");
            let place = &imported.notes[0].place;
            assert_eq!((place.line, place.column), (48, 5), "{name}");
            assert!(imported.notes[0].excerpt.is_some(), "the line is shown");
            println!("{name} is refused: {}", imported.notes[0].message);
            continue;
        }
        let plan = opened(&imported);
        opened_count += 1;
        let resources: serde_json::Value = serde_json::from_str(&text).unwrap();
        for (resource, value) in resources["resources"].as_object().unwrap() {
            let runs = ["container.", "project.", "executable."];
            let kind = value["type"].as_str().unwrap_or("");
            let is_service = runs.iter().any(|family| kind.starts_with(family));
            assert_eq!(
                plan.services.contains_key(resource),
                is_service,
                "{name}: {resource}"
            );
        }
    }
    println!("{opened_count} of {all} Aspire manifests open as environment files");
    assert_eq!(opened_count + 1, all);
}

#[test]
fn every_real_compose_project_means_the_same_in_one_file() {
    let Some(corpus) = corpus("compose") else {
        println!(
            "SKIPPED every_real_compose_project_means_the_same_in_one_file: there is no corpus; \
             BENCHTOP_CORPUS names its folder"
        );
        return;
    };
    let mut all = 0;
    for path in files(&corpus, "yaml")
        .into_iter()
        .chain(files(&corpus, "yml"))
    {
        let read = |asked: &Path| std::fs::read(asked);
        let Some(expected) = with_sources(&read, |sources| file::load(&path, sources)).plan else {
            continue;
        };
        let target = path.with_file_name("benchtop.yaml");
        let imported = with_sources(&read, |sources| {
            import::flatten(&path, sources, path.parent().unwrap())
        });
        let shown = path.display();
        let text = imported
            .text
            .unwrap_or_else(|| panic!("{shown}: {:?}", imported.notes));
        let loaded = load_text(&target, &text);
        let errors = errors(&loaded);
        let mut plan = loaded
            .plan
            .unwrap_or_else(|| panic!("{shown}: {errors}\n{text}"));
        plan.file.clone_from(&expected.file);
        assert_eq!(plan, expected, "{shown}\n{text}");
        all += 1;
    }
    println!("{all} Compose projects mean the same as one file");
    assert!(all > 100, "only {all}");
}

#[test]
fn resources_of_every_kind_are_services_values_or_comments() {
    let manifest = r#"{ "resources": {
        "db": { "type": "container.v0", "image": "postgres:16",
            "connectionString": "Host={db.bindings.tcp.host};Password={pw.value}",
            "env": { "POSTGRES_PASSWORD": "{pw.value}" },
            "volumes": [{ "name": "shop db", "target": "/var/lib/postgresql/data", "readOnly": false }],
            "bindMounts": [{ "source": "../sql", "target": "/init", "readOnly": true }],
            "bindings": { "tcp": { "scheme": "tcp", "protocol": "tcp", "transport": "tcp", "targetPort": 5432 },
                          "dns": { "scheme": "udp", "protocol": "udp", "transport": "tcp", "targetPort": 53, "port": 5300 } } },
        "shop": { "type": "value.v0", "connectionString": "{db.connectionString};Database=shop" },
        "pw": { "type": "parameter.v0", "value": "{pw.inputs.value}",
            "inputs": { "value": { "type": "string", "secret": true, "default": { "generate": { "minLength": 10 } } } } },
        "town": { "type": "parameter.v0", "value": "{town.inputs.value}", "inputs": { "value": { "type": "string" } } },
        "api": { "type": "project.v1", "path": "../Api/Api.csproj", "args": ["--town", "{town.value}"],
            "env": { "ConnectionStrings__shop": "{shop.connectionString}", "WEB": "{web.bindings.http.url}" },
            "bindings": { "http": { "scheme": "http", "protocol": "tcp", "transport": "http" },
                          "https": { "scheme": "https", "protocol": "tcp", "transport": "http" } } },
        "web": { "type": "executable.v0", "command": "npm", "args": ["start"], "workingDirectory": "../web",
            "env": { "API": "{api.bindings.https.url}", "PRICE": "5 $" },
            "bindings": { "http": { "scheme": "http", "protocol": "tcp", "transport": "http", "targetPort": 3000 } } },
        "tool": { "type": "dockerfile.v0", "path": "../tool/Dockerfile", "context": "../tool", "buildArgs": { "V": "{town.value}" } },
        "made": { "type": "container.v1", "build": { "context": ".", "dockerfile": "m.Dockerfile", "stage": "run", "args": { "A": "b" } } },
        "bus": { "type": "azure.bicep.v0", "path": "bus.bicep" },
        "stack": { "type": "aws.cloudformation.stack.v0", "stack-name": "s" },
        "side": { "type": "dapr.v0" },
        "clock": { "error": "no generation" }
    } }"#;
    let imported = import::manifest("aspire-manifest.json", manifest, "");
    let plan = opened(&imported);
    let names: Vec<_> = plan.services.keys().map(String::as_str).collect();
    assert_eq!(names, ["api", "db", "made", "tool", "web"]);
    let text = imported.text.as_deref().unwrap();
    for comment in [
        "  # bus: it is a resource of Azure, which nothing here stands in for",
        "  # stack: it is a resource of AWS, which nothing here stands in for",
        "  # side: Dapr's sidecars are not started by Benchtop",
        "  # clock: the manifest says: no generation",
        "#   TOWN: the parameter `town` (to be set)",
    ] {
        assert!(
            text.lines().any(|line| line == comment),
            "{comment}\n{text}"
        );
    }
    let api = &plan.services["api"];
    assert_eq!(
        api.environment["ConnectionStrings__shop"],
        "Host={{db.tcp.host}};Password=LocalOnlyPassword0000001;Database=shop"
    );
    assert_eq!(
        plan.services["db"].environment["POSTGRES_PASSWORD"],
        "LocalOnlyPassword0000001"
    );
    let Run::Process(process) = &api.run else {
        panic!()
    };
    assert_eq!(
        process.command[..5],
        [
            "dotnet",
            "run",
            "--no-launch-profile",
            "--project",
            "../Api/Api.csproj"
        ]
    );
    assert_eq!(api.references, ["db"], "{text}");
    // They need each other: ports that are known, and no waiting in a circle.
    let ports = ["api", "web"].map(|name| plan.services[name].endpoints[0].port);
    assert!(
        ports.iter().all(|port| matches!(port, HostPort::Fixed(_))),
        "{ports:?}"
    );
    assert_eq!(plan.services["web"].environment["API"], "{{api.http.url}}");
    assert_eq!(plan.services["web"].environment["PRICE"], "5 $");
    assert_eq!(plan.volumes["shop-db"].name, "project_shop-db");
    let Run::Container(made) = &plan.services["made"].run else {
        panic!()
    };
    let build = made.build.as_deref().unwrap();
    assert_eq!(build.dockerfile.as_deref(), Some("m.Dockerfile"));
    let Run::Container(tool) = &plan.services["tool"].run else {
        panic!()
    };
    let build = tool.build.as_deref().unwrap();
    assert_eq!(
        (build.context.as_str(), build.dockerfile.as_deref()),
        ("/tool", Some("Dockerfile"))
    );
}

#[test]
fn what_is_no_manifest_is_refused_with_its_place() {
    for (text, line, said) in [
        ("{\n  \"resources\": {,}\n}", 2, "not valid JSON"),
        ("{}", 0, "has no `resources`"),
        ("0", 0, "has no `resources`"),
        ("", 1, "not valid JSON"),
    ] {
        let imported = import::manifest("m.json", text, "");
        assert!(imported.text.is_none());
        let note = &imported.notes[0];
        assert_eq!(note.place.line, line, "{text}");
        assert!(note.message.contains(said) && note.hint.is_some(), "{note}");
    }
}

/// A folder of the corpus, where it is there.
fn corpus(part: &str) -> Option<PathBuf> {
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = std::env::var_os("BENCHTOP_CORPUS").map_or(usual, PathBuf::from);
    folder.join(part).canonicalize().ok()
}

/// All files with this ending, in a fixed order.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == ending) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
