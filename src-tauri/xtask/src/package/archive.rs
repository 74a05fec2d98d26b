//! The CLI alone as an archive, for CI: no GUI library, and no library at all where the
//! toolchain can link without.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Job, notes};
use crate::project;
use crate::sh::Cmd;

/// Packs it; gives the file.
pub(super) fn pack(job: &Job) -> Result<PathBuf, String> {
    let (program, kind) = match static_target() {
        Some(target) => (build_static(job, &target)?, "static"),
        None => {
            println!(
                "the archive's program is linked with the C library: there is no musl target \
                 (`rustup target add {}-unknown-linux-musl`, and musl-tools)",
                env::consts::ARCH
            );
            (job.programs.join("benchtop"), "gnu")
        }
    };
    let name = format!(
        "benchtop-{}-{}-linux-{kind}",
        job.version,
        env::consts::ARCH
    );
    let folder = job.out.join(&name);
    super::remove_folder(&folder)?;
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let sources = [
        (program.clone(), "benchtop"),
        (job.root.join("LICENSE-MIT"), "LICENSE-MIT"),
        (job.root.join("LICENSE-APACHE"), "LICENSE-APACHE"),
        (job.root.join("README.md"), "README.md"),
    ];
    for (from, to) in &sources {
        fs::copy(from, folder.join(to)).map_err(|e| format!("{}: {e}", from.display()))?;
    }
    println!("the archive's program: {}", linked_with(&program));
    let file = job.out.join(format!("{name}.tar.xz"));
    Cmd::new("tar")
        .args(&[
            "--sort=name",
            "--owner=0",
            "--group=0",
            "--numeric-owner",
            "-cJf",
        ])
        .arg(&file)
        .arg(format!("--mtime=@{}", notes::epoch(&job.root)))
        .arg("-C")
        .arg(&job.out)
        .arg(&name)
        .run()?;
    super::remove_folder(&folder)?;
    Ok(file)
}

/// The target without a shared C library, where the toolchain has it.
fn static_target() -> Option<String> {
    let target = format!("{}-unknown-linux-musl", env::consts::ARCH);
    let root = Cmd::new("rustc")
        .args(&["--print", "sysroot"])
        .output(Duration::from_secs(10))?;
    let library = Path::new(root.trim())
        .join("lib/rustlib")
        .join(&target)
        .join("lib");
    library.is_dir().then_some(target)
}

fn build_static(job: &Job, target: &str) -> Result<PathBuf, String> {
    Cmd::cargo(
        &job.root,
        &[
            "build",
            "--release",
            "--package",
            "benchtop-cli",
            "--target",
            target,
        ],
    )
    .run()?;
    Ok(project::target_dir(&job.root)
        .join(target)
        .join("release/benchtop"))
}

/// The shared libraries that a program wants, in one line.
fn linked_with(program: &Path) -> String {
    let found = Cmd::new("ldd").arg(program).output(Duration::from_secs(10));
    let names: Vec<String> = found
        .unwrap_or_default()
        .lines()
        .filter_map(|line| {
            line.split_once(" => ")
                .map(|(name, _)| name.trim().to_owned())
        })
        .collect();
    match names.as_slice() {
        [] => "linked with nothing".to_owned(),
        names => format!("linked with {}", names.join(", ")),
    }
}
