//! Several files as one environment: overrides, `extends` and `include`.

use super::*;
use crate::plan::Run;

/// Loads `/shop/compose.yaml` among other files.
fn load_compose(text: &str, others: &[(&str, &str)]) -> Loaded {
    let read = |path: &Path| {
        let name = path
            .strip_prefix("/shop")
            .map_err(|_| io::ErrorKind::NotFound)?;
        let mut all = others.iter().copied().chain([("compose.yaml", text)]);
        let found = all.find(|(other, _)| name == Path::new(other));
        let (_, text) = found.ok_or(io::ErrorKind::NotFound)?;
        Ok(text.as_bytes().to_vec())
    };
    let sources = Sources {
        variables: &BTreeMap::new(),
        profiles: &BTreeSet::new(),
        read: &read,
    };
    load(Path::new("/shop/compose.yaml"), &sources)
}

#[track_caller]
fn compose(text: &str, others: &[(&str, &str)]) -> Plan {
    let loaded = load_compose(text, others);
    let problems = &loaded.problems;
    loaded
        .plan
        .unwrap_or_else(|| panic!("no plan: {problems:#?}"))
}

fn errors(text: &str, others: &[(&str, &str)]) -> Vec<String> {
    let problems = load_compose(text, others).problems.into_iter();
    problems
        .map(|p| format!("{}: {}", p.place, p.message))
        .collect()
}

fn container_of<'p>(plan: &'p Plan, name: &str) -> &'p Container {
    match &plan.services[name].run {
        Run::Container(container) => container,
        other => panic!("{other:?}"),
    }
}

/// The service `a` after an override, as image, command, variables and mounts.
#[track_caller]
fn merged(base: &str, over: &str) -> String {
    let file =
        |keys: &str| format!("services: {{a: {{{keys}}}, b: {{image: y}}}}\nvolumes: {{vol: }}");
    let plan = compose(&file(base), &[("compose.override.yaml", &file(over))]);
    let (a, c) = (&plan.services["a"], container_of(&plan, "a"));
    let mut said = vec![c.image.clone()];
    said.extend(c.command.iter().flatten().cloned());
    said.extend(a.environment.iter().map(|(k, v)| format!("{k}={v}")));
    said.extend(c.mounts.iter().map(|m| m.target.clone()));
    said.extend(
        a.endpoints
            .iter()
            .map(|e| format!("{:?}>{}", e.port, e.target.unwrap_or(0))),
    );
    said.extend(
        a.depends_on
            .iter()
            .map(|(k, d)| format!("{k}:{:?}", d.condition)),
    );
    said.extend(c.settings.cap_add.iter().cloned());
    said.join(" ")
}

#[test]
fn an_override_is_merged_by_compose_s_rules() {
    let table = [
        ("image: x, command: a b", "image: z", "z a b"),
        ("image: x, command: [a, b]", "command: [c]", "x c"),
        (
            "image: x, environment: {A: 1, B: 1}",
            "environment: {B: 2}",
            "x A=1 B=2",
        ),
        (
            "image: x, environment: {A: 1, B: 1}",
            "environment: [B=2, C=3]",
            "x A=1 B=2 C=3",
        ),
        (
            "image: x, environment: [A=1]",
            "environment: {A: 2}",
            "x A=2",
        ),
        (
            "image: x, volumes: ['./a:/a', './b:/b']",
            "volumes: ['vol:/a']",
            "x /a /b",
        ),
        (
            "image: x, ports: ['1:80', '2:81']",
            "ports: ['1:80', {target: 81, published: 2}]",
            "x Fixed(1)>80 Fixed(2)>81",
        ),
        (
            "image: x, ports: ['1:80']",
            "ports: ['3:80']",
            "x Fixed(1)>80 Fixed(3)>80",
        ),
        (
            "image: x, ports: ['1:80']",
            "ports: !override ['3:80']",
            "x Fixed(3)>80",
        ),
        (
            "image: x, ports: ['1:80'], command: a",
            "ports: !reset [], command: !reset ~",
            "x",
        ),
        (
            "image: x, depends_on: [b]",
            "depends_on: {b: {condition: service_healthy}}",
            "x b:Healthy",
        ),
        ("image: x, cap_add: [A, B]", "cap_add: [B, C]", "x A B C"),
        ("image: x, environment: {A: 1}", "environment: ", "x A=1"),
    ];
    for (base, over, expected) in table {
        assert_eq!(merged(base, over), expected, "{base} + {over}");
    }
}

#[test]
fn a_name_that_is_taken_away_names_nothing() {
    let services = "services: {a: {image: x}}";
    let own = format!("name: !reset mine\n{services}");
    assert_eq!(compose(&own, &[]).name, "shop");
    let over = [("compose.override.yaml", "name: !reset ~")];
    let named = format!("name: mine\n{services}");
    assert_eq!(compose(&named, &over).name, "shop");
}

#[test]
fn an_override_may_add_services_and_name_the_environment() {
    let over = "name: mine\nservices: {b: {image: y, build: .}}";
    let plan = compose(
        "services: {a: {image: x}}",
        &[("compose.override.yml", over)],
    );
    assert_eq!(plan.name, "mine");
    assert_eq!(plan.services.keys().collect::<Vec<_>>(), ["a", "b"]);
    let bad = errors(
        "services: {a: {image: x}}",
        &[("compose.override.yml", "services: {a: {imge: y}}")],
    );
    assert_eq!(
        bad,
        ["compose.override.yml:1:16: unknown key `imge` in service `a`"]
    );
}

#[test]
fn a_service_extends_another_of_its_file_or_of_another_file() {
    let common = "
services:
  base: {image: base, build: ./src, volumes: ['./d:/d'], env_file: b.env, environment: {A: 1}}
  mid: {extends: base, environment: {B: 2}}
";
    let text = "
services:
  one: {image: x, environment: {A: 0}, command: c}
  two: {extends: {service: one}, image: y}
  far: {extends: {file: sub/common.yaml, service: mid}, environment: {C: 3}}
";
    let plan = compose(text, &[("sub/common.yaml", common), ("sub/b.env", "E=5")]);
    let two = container_of(&plan, "two");
    assert_eq!(
        (two.image.as_str(), two.command.as_deref()),
        ("y", Some(&["c".to_owned()][..]))
    );
    let far = container_of(&plan, "far");
    assert_eq!(far.image, "base");
    assert_eq!(
        far.build.as_ref().map(|b| b.context.as_str()),
        Some("/shop/sub/src")
    );
    assert_eq!(
        far.mounts[0].source,
        crate::plan::MountSource::Bind("/shop/sub/d".into())
    );
    let variables: Vec<_> = plan.services["far"]
        .environment
        .iter()
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    assert_eq!(variables, ["A=1", "B=2", "C=3", "E=5"]);
}

#[test]
fn what_is_wrong_with_extends_is_told() {
    let table = [
        (
            "services: {a: {extends: b}, b: {extends: c}, c: {extends: b}}",
            "services extend each other in a circle: b → c → b",
        ),
        (
            "services: {a: {extends: a}}",
            "services extend each other in a circle: a → a",
        ),
        (
            "services: {a: {extends: webb}, web: {image: x}}",
            "there is no service `webb` in `compose.yaml`",
        ),
        (
            "services: {a: {extends: {file: no.yaml, service: b}}}",
            "the file `no.yaml` does not exist",
        ),
        (
            "services: {a: {extends: {file: no.yaml}}}",
            "`extends` does not name a service",
        ),
    ];
    for (text, expected) in table {
        let said = errors(text, &[]);
        assert!(
            said.iter().any(|line| line.ends_with(expected)),
            "{text}: {said:#?}"
        );
    }
}

#[test]
fn included_files_have_a_folder_and_variables_of_their_own() {
    let infra = "
include: [deeper/compose.yaml]
services: {db: {image: 'pg:${TAG}', volumes: ['./data:/d', 'v:/v'], secrets: [s]}}
volumes: {v: }
secrets: {s: {file: s.txt}}
";
    let text = "
include:
  - infra/compose.yaml
  - {path: [x.yaml, y.yaml], project_directory: other, env_file: own.env}
services: {a: {image: 'x:${TAG:-none}', depends_on: [db]}}
";
    let others = [
        ("infra/compose.yaml", infra),
        ("infra/.env", "TAG=16"),
        ("infra/deeper/compose.yaml", "services: {deep: {build: .}}"),
        (
            "x.yaml",
            "services: {x: {image: 'x:${X}', volumes: ['./x:/x']}}",
        ),
        ("y.yaml", "services: {x: {command: over}}"),
        ("own.env", "X=1"),
    ];
    let plan = compose(text, &others);
    assert_eq!(
        plan.services.keys().collect::<Vec<_>>(),
        ["a", "db", "deep", "x"]
    );
    assert_eq!(
        (
            container_of(&plan, "a").image.as_str(),
            container_of(&plan, "db").image.as_str()
        ),
        ("x:none", "pg:16")
    );
    let bind = |path: &str| crate::plan::MountSource::Bind(path.into());
    let db = container_of(&plan, "db");
    assert_eq!(
        (&db.mounts[0].source, &db.mounts[2].source),
        (&bind("/shop/infra/data"), &bind("/shop/infra/s.txt"))
    );
    let deep = container_of(&plan, "deep");
    assert_eq!(
        deep.build.as_ref().map(|b| b.context.as_str()),
        Some("/shop/infra/deeper")
    );
    let x = container_of(&plan, "x");
    assert_eq!(
        (x.image.as_str(), &x.mounts[0].source),
        ("x:1", &bind("/shop/other/x"))
    );
    assert_eq!(x.command.as_deref(), Some(&["over".to_owned()][..]));
}

#[test]
fn what_is_wrong_with_include_is_told() {
    let circle = [("b.yaml", "include: compose.yaml\nservices: {b: {image: x}}")];
    let said = errors("include: [b.yaml]\nservices: {a: {image: x}}", &circle);
    assert_eq!(
        said,
        ["b.yaml:1:10: files include each other in a circle: compose.yaml → b.yaml → compose.yaml"]
    );
    let twice = [("b.yaml", "services: {a: {image: y}}")];
    let said = errors("include: [b.yaml]\nservices: {a: {image: x}}", &twice);
    assert_eq!(
        said,
        ["compose.yaml:2:15: service `a` is written twice: here and in the included b.yaml:1:12"]
    );
    let equal = [("b.yaml", "services: {a: {image: x}}")];
    assert_eq!(
        errors("include: [b.yaml]\nservices: {a: {image: x}}", &equal),
        Vec::<String>::new()
    );
    let said = errors("include: [no.yaml, {}]\nservices: {a: {image: x}}", &[]);
    assert_eq!(
        said,
        [
            "compose.yaml:1:11: the file `no.yaml` does not exist",
            "compose.yaml:1:20: an item of `include` names no file"
        ]
    );
}
