//! The `.deb`, packed by dpkg-deb.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Job, notes, read, set_mode, write};
use crate::sh::Cmd;

/// Loaded while running, so that no program's header names it.
const TRAY: &str = "libayatana-appindicator3-1";

/// Packs the tree; gives the file.
pub(super) fn pack(job: &Job, tree: &Path) -> Result<PathBuf, String> {
    let architecture = Cmd::new("dpkg")
        .arg("--print-architecture")
        .output(Duration::from_secs(10))
        .ok_or("dpkg does not say its architecture")?;
    let architecture = architecture.trim();
    let source = job.root.join("src-tauri/app/linux");
    let overrides = read(&source.join("lintian-overrides"))?;
    write(
        &tree.join("usr/share/lintian/overrides/benchtop"),
        &overrides,
    )?;
    let control = tree.join("DEBIAN");
    let needs = needs(job, tree)?;
    let size = kibibytes(&tree.join("usr"))?;
    write(
        &control.join("control"),
        &control_text(&job.version, architecture, &needs, size),
    )?;
    write(&control.join("md5sums"), &sums(tree)?)?;
    let prerm = control.join("prerm");
    write(&prerm, &read(&source.join("prerm"))?)?;
    set_mode(&prerm, 0o755).map_err(|e| format!("{}: {e}", prerm.display()))?;
    let file = job
        .out
        .join(format!("benchtop_{}_{architecture}.deb", job.version));
    let how = if job.quick {
        ["-Zgzip", "-z1"]
    } else {
        ["-Zxz", "-z9"]
    };
    Cmd::new("dpkg-deb")
        .args(&["--root-owner-group", "--build"])
        .args(&how)
        .arg(tree)
        .arg(&file)
        .env("SOURCE_DATE_EPOCH", notes::epoch(&job.root))
        .run()?;
    // The next packer takes the same tree.
    super::remove_folder(&control)?;
    super::remove_folder(&tree.join("usr/share/lintian"))?;
    Ok(file)
}

/// What the programs are linked with, as the packages of this distribution.
fn needs(job: &Job, tree: &Path) -> Result<String, String> {
    // dpkg-shlibdeps wants to stand in a source package.
    let folder = job.out.join("shlibdeps");
    write(
        &folder.join("debian/control"),
        "Source: benchtop\n\nPackage: benchtop\nArchitecture: any\n",
    )?;
    let bin = tree.join("usr/bin");
    let found = Cmd::new("dpkg-shlibdeps")
        .arg("-O")
        .arg(format!("-e{}", bin.join("benchtop").display()))
        .arg(format!("-e{}", bin.join("benchtop-desktop").display()))
        .dir(&folder)
        .output(Duration::from_secs(120));
    super::remove_folder(&folder)?;
    let found = found.ok_or("dpkg-shlibdeps cannot tell what the programs need")?;
    // Warnings may stand around it.
    let named = found
        .lines()
        .find_map(|line| line.strip_prefix("shlibs:Depends="));
    let list = named.unwrap_or_default();
    if list.is_empty() {
        return Err("dpkg-shlibdeps names no package that the programs need".to_owned());
    }
    Ok(format!("{list}, {TRAY}"))
}

fn control_text(version: &str, architecture: &str, needs: &str, kibibytes: u64) -> String {
    let about = notes::wrapped(notes::DESCRIPTION, " ", " ");
    format!(
        "Package: benchtop\nVersion: {version}\nSection: devel\nPriority: optional\n\
         Architecture: {architecture}\nDepends: {needs}\n\
         Suggests: docker.io | podman\nInstalled-Size: {kibibytes}\n\
         Maintainer: {}\nDescription: {}\n{about}",
        notes::MAINTAINER,
        notes::SUMMARY,
    )
}

/// The sums by which the installed files can be checked.
fn sums(tree: &Path) -> Result<String, String> {
    let text = Cmd::new("bash")
        .args(&[
            "-c",
            "find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum",
        ])
        .dir(tree)
        .output(Duration::from_secs(120));
    text.ok_or_else(|| "md5sum failed".to_owned())
}

fn kibibytes(folder: &Path) -> Result<u64, String> {
    let text = Cmd::new("du").args(&["-sk", "--apparent-size"]).arg(folder);
    let text = text.output(Duration::from_secs(60)).unwrap_or_default();
    let size = text
        .split_whitespace()
        .next()
        .and_then(|size| size.parse().ok());
    size.ok_or_else(|| format!("cannot tell the size of {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_control_file_has_the_fields_that_dpkg_demands() {
        let text = control_text("0.1.0", "amd64", "libc6", 12);
        for field in [
            "Package",
            "Version",
            "Architecture",
            "Maintainer",
            "Description",
        ] {
            assert!(
                text.lines()
                    .any(|line| line.starts_with(&format!("{field}: "))),
                "{field}"
            );
        }
        let (_, about) = text.split_once("Description: ").expect("it describes");
        assert!(
            about.lines().skip(1).all(|line| line.starts_with(' ')),
            "{about}"
        );
        assert!(text.ends_with('\n'));
    }
}
