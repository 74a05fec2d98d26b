//! `cargo xtask package`: the installable packages for this system.
//!
//! On Linux one tree of files (`tree`) is packed as `.deb` and `.rpm` by the packers of
//! the distributions themselves, because Tauri's bundler knows neither the manual pages
//! nor the actions and types of the desktop entry, and its packages do not pass lintian.
//! Elsewhere that bundler does it. Nothing is downloaded, so there is no AppImage: its
//! tools come from the network while packing.

mod archive;
mod deb;
mod notes;
mod rpm;
mod tree;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use crate::args::PackageOptions;
use crate::project;
use crate::setup::node;
use crate::setup::packages::{self, Purpose};
use crate::sh::{self, Cmd};

/// The largest `.deb` that is taken, in bytes.
const LARGEST_DEB: u64 = 15_000_000;

pub(crate) fn run(options: &PackageOptions) -> Result<ExitCode, String> {
    let root = project::root()?;
    if cfg!(target_os = "linux") {
        linux(&root, options)
    } else {
        elsewhere(&root, options)
    }
}

/// Prints the part of CHANGELOG.md on a version: the page of its release.
pub(crate) fn release_notes(version: &str) -> Result<ExitCode, String> {
    let changes = read(&project::root()?.join("CHANGELOG.md"))?;
    let part = notes::changes_of(&changes, version);
    let part = part.ok_or_else(|| format!("CHANGELOG.md has no part `## [{version}]`"))?;
    println!("{part}");
    Ok(ExitCode::SUCCESS)
}

/// What every packer needs to know.
struct Job {
    root: PathBuf,
    /// The folder of the built programs.
    programs: PathBuf,
    /// Where packages go.
    out: PathBuf,
    version: String,
    /// Pack fast instead of small.
    quick: bool,
}

fn linux(root: &Path, options: &PackageOptions) -> Result<ExitCode, String> {
    let version = notes::version(root)?;
    let programs = match &options.programs {
        Some(folder) => folder.clone(),
        None => build(root, options)?,
    };
    let job = Job {
        root: root.to_path_buf(),
        programs,
        out: options
            .out
            .clone()
            .unwrap_or_else(|| project::target_dir(root).join("packages")),
        version,
        quick: options.quick,
    };
    let staged = job.out.join("tree");
    remove_folder(&staged)?;
    let files = tree::stage(&job, &staged)?;
    let mut made = Vec::new();
    if sh::find_program("dpkg-deb").is_some() {
        made.push(deb::pack(&job, &staged)?);
    } else {
        println!("no .deb: dpkg-deb is not on this machine");
    }
    if job.quick {
        println!("no .rpm and no archive: they are not packed in a hurry");
    } else {
        if sh::find_program("rpmbuild").is_some() {
            made.push(rpm::pack(&job, &staged, &files)?);
        } else {
            println!("no .rpm: rpmbuild is not on this machine (package `rpm` or `rpm-build`)");
        }
        made.push(archive::pack(&job)?);
    }
    remove_folder(&staged)?;
    report(&made, &job)
}

/// Builds UI and both programs with optimisation; gives their folder.
fn build(root: &Path, options: &PackageOptions) -> Result<PathBuf, String> {
    packages::install(&[Purpose::Build, Purpose::Desktop], options.yes)?;
    node::bring_up_to_date(root)?;
    // With `--workspace` for the same features as everywhere else.
    let bins = ["--bin", "benchtop", "--bin", "benchtop-desktop"];
    Cmd::cargo(root, &["build", "--release", "--workspace"])
        .args(&bins)
        .run()?;
    Ok(project::bin_dir(root, true))
}

/// The sizes; a `.deb` above its budget is a failure.
fn report(made: &[PathBuf], job: &Job) -> Result<ExitCode, String> {
    let mut sums = Vec::new();
    let mut too_large = false;
    for file in made {
        let size = fs::metadata(file)
            .map_err(|e| format!("{}: {e}", file.display()))?
            .len();
        println!("{:>12} bytes  {}", size, file.display());
        let is_deb = file.extension().is_some_and(|ext| ext == "deb");
        too_large |= is_deb && !job.quick && size > LARGEST_DEB;
        sums.extend(file.file_name());
    }
    Cmd::new("sha256sum")
        .args(&sums)
        .dir(&job.out)
        .into_file(&job.out.join("SHA256SUMS"))?;
    if too_large {
        println!("the .deb is above its budget of {LARGEST_DEB} bytes");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn elsewhere(root: &Path, options: &PackageOptions) -> Result<ExitCode, String> {
    let programs = build(root, options)?;
    beside_the_window(root, &programs)?;
    let name = if cfg!(windows) { "tauri.cmd" } else { "tauri" };
    let tauri = root.join("ui").join("node_modules").join(".bin").join(name);
    if !tauri.is_file() {
        return Err("@tauri-apps/cli is not among the UI's packages; it does the packing".into());
    }
    let bundles = if cfg!(windows) { "nsis,msi" } else { "app,dmg" };
    Cmd::new(tauri)
        .args(&["build", "--bundles", bundles, "--config"])
        // Not in tauri.conf.json: every other build would demand the copy, too.
        .arg(r#"{"bundle":{"externalBin":["target/packages/benchtop"]}}"#)
        .env("CI", "true")
        .dir(root)
        .run()?;
    println!("The packages are in {}", programs.join("bundle").display());
    Ok(ExitCode::SUCCESS)
}

/// The bundler takes a further program only under its name with the target's.
fn beside_the_window(root: &Path, programs: &Path) -> Result<(), String> {
    let target = match (env::consts::ARCH, env::consts::OS) {
        (arch, "macos") => format!("{arch}-apple-darwin"),
        (arch, "windows") => format!("{arch}-pc-windows-msvc"),
        (arch, _) => format!("{arch}-unknown-linux-gnu"),
    };
    let suffix = env::consts::EXE_SUFFIX;
    let folder = root.join("target").join("packages");
    let copied = fs::create_dir_all(&folder).and_then(|()| {
        fs::copy(
            programs.join(format!("benchtop{suffix}")),
            folder.join(format!("benchtop-{target}{suffix}")),
        )
    });
    copied
        .map(drop)
        .map_err(|e| format!("cannot copy the CLI to {}: {e}", folder.display()))
}

fn remove_folder(folder: &Path) -> Result<(), String> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot remove {}: {e}", folder.display()))
        }
        _ => Ok(()),
    }
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(file, text))
        .map_err(|e| format!("cannot write {}: {e}", file.display()))
}

/// Who may do what with a file, as in `chmod`.
#[cfg(unix)]
fn set_mode(file: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_file: &Path, _mode: u32) -> std::io::Result<()> {
    Ok(())
}

fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|e| format!("cannot read {}: {e}", file.display()))
}
