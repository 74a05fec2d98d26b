//! How a service is run: commands, variables, mounts, and the rest of it.

use super::*;
use crate::plan::{MountSource, RestartPolicy, Run};
use crate::time::Millis;

#[test]
fn own_variables_win_over_those_of_files() {
    let text = "
services:
  a:
    image: x
    env_file: [a.env, {path: b.env, format: raw}]
    environment: {C: own, N: 1.0, T: true}
";
    let others = [("a.env", "A=1\nB=$A\nC=a\nSET"), ("b.env", "B='raw $A'")];
    let plan = plan_with(text, &others, &[]);
    let variables: Vec<_> = plan.services["a"]
        .environment
        .iter()
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    assert_eq!(
        variables,
        [
            "A=1",
            "B='raw $A'",
            "C=own",
            "N=1.0",
            "SET=outside",
            "T=true"
        ]
    );
}

#[test]
fn commands_are_words() {
    let c = container("command: serve --dir \"/a b\", entrypoint: [/bin/x, -v]");
    assert_eq!(
        c.command.as_deref(),
        Some(&["serve", "--dir", "/a b"].map(str::to_owned)[..])
    );
    assert_eq!(
        c.entrypoint.as_deref(),
        Some(&["/bin/x", "-v"].map(str::to_owned)[..])
    );
    let c = container("command: ~, entrypoint: ''");
    assert_eq!((c.command, c.entrypoint), (None, Some(vec![])));
}

#[test]
fn a_process_runs_in_the_project_folder_or_in_its_own() {
    for (keys, cwd) in [
        ("process: npm start", "/shop"),
        ("process: [npm, start], cwd: web/../ui", "/shop/ui"),
        ("process: npm start, working_dir: ~/x", "/home/me/x"),
        ("process: npm start, cwd: /abs", "/abs"),
    ] {
        let Run::Process(process) = service(keys).run else {
            panic!("{keys}")
        };
        assert_eq!(process.command, ["npm", "start"], "{keys}");
        assert_eq!(process.cwd, Path::new(cwd), "{keys}");
    }
}

#[test]
fn mounts_have_short_and_long_forms() {
    let text = "
services:
  a:
    image: x
    volumes:
      - ./conf:/etc/x:ro
      - ~/data/:/data/
      - /abs/../abs2:/b:rw,z
      - named:/c
      - /anonymous
      - {type: bind, source: ., target: /d, read_only: true, bind: {create_host_path: true}}
      - {type: volume, source: own, target: /e}
      - {type: tmpfs, target: /f}
      - 'C:\\x:/g'
    tmpfs: /run
volumes:
  named:
  own: {name: outside, external: true}
  unused:
";
    let plan = plan(text);
    let Run::Container(c) = &plan.services["a"].run else {
        panic!()
    };
    let show = |source: &MountSource| match source {
        MountSource::Bind(path) => path.display().to_string(),
        MountSource::Volume(name) => format!("volume {name}"),
        other => format!("{other:?}"),
    };
    let mounts: Vec<_> = c
        .mounts
        .iter()
        .map(|m| {
            format!(
                "{}>{}{}",
                show(&m.source),
                m.target,
                if m.read_only { " ro" } else { "" }
            )
        })
        .collect();
    assert_eq!(
        mounts,
        [
            "/shop/conf>/etc/x ro",
            "/home/me/data>/data",
            "/abs2>/b",
            "volume named>/c",
            "Anonymous>/anonymous",
            "/shop>/d ro",
            "volume own>/e",
            "Tmpfs>/f",
            "C:\\x>/g",
            "Tmpfs>/run",
        ]
    );
    let volumes: Vec<_> = plan
        .volumes
        .iter()
        .map(|(k, v)| format!("{k}={} {}", v.name, v.external))
        .collect();
    assert_eq!(volumes, ["named=shop_named false", "own=outside true"]);
}

#[test]
fn restart_policies_and_signals_are_compose_s() {
    let table = [
        ("'no'", RestartPolicy::No),
        ("no", RestartPolicy::No),
        ("false", RestartPolicy::No),
        ("always", RestartPolicy::Always),
        ("unless-stopped", RestartPolicy::UnlessStopped),
        ("on-failure", RestartPolicy::OnFailure { max: None }),
        ("on-failure:3", RestartPolicy::OnFailure { max: Some(3) }),
    ];
    for (text, policy) in table {
        assert_eq!(
            service(&format!("image: x, restart: {text}")).restart,
            policy,
            "{text}"
        );
    }
    let service = service("image: x, stop_signal: SIGINT, stop_grace_period: 1m30s");
    assert_eq!(
        (service.stop_signal, service.stop_grace),
        (Some(2), Millis(90_000))
    );
}

#[test]
fn the_rest_of_a_container_is_taken_over() {
    let c = container(
        "container_name: n, hostname: h, user: 1000:1000, working_dir: /w, labels: [a=b, c]",
    );
    assert_eq!(
        (
            c.container_name.as_deref(),
            c.hostname.as_deref(),
            c.user.as_deref(),
            c.working_dir.as_deref()
        ),
        (Some("n"), Some("h"), Some("1000:1000"), Some("/w"))
    );
    assert_eq!(c.labels["a"], "b");
    assert_eq!(c.labels["c"], "");
    assert_eq!(
        service("image: x, group: Core").group.as_deref(),
        Some("Core")
    );
}

#[test]
fn options_of_mounts_are_kept() {
    let c = container(
        "volumes: ['./a:/a:ro,rslave', {type: bind, source: b, target: /b, bind: {create_host_path: false, propagation: shared}}, {type: volume, target: /c, volume: {nocopy: true, labels: {k: v}}}]",
    );
    let show: Vec<_> = c
        .mounts
        .iter()
        .map(|m| (m.make_source, m.propagation.as_deref(), m.no_copy))
        .collect();
    assert_eq!(
        show,
        [
            (true, Some("rslave"), false),
            (false, Some("shared"), false),
            (false, None, true)
        ]
    );
    assert_eq!(c.mounts[2].labels["k"], "v");
}

#[test]
fn labels_come_from_files_and_are_written_over() {
    let text = "services: {a: {image: x, label_file: [l.env], labels: {b: own}}}";
    let loaded = load_with(text, &[("l.env", "a=1\nb=2\n")], &[]);
    let plan = loaded
        .plan
        .unwrap_or_else(|| panic!("{:?}", loaded.problems));
    let Run::Container(c) = &plan.services["a"].run else {
        panic!()
    };
    let all: Vec<_> = c.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(all, ["a=1", "b=own"]);
}
