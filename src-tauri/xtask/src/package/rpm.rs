//! The `.rpm`, packed by rpmbuild from the same tree.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Job, notes, write};
use crate::sh::Cmd;

/// Packs the tree; gives the file.
pub(super) fn pack(job: &Job, tree: &Path, files: &[String]) -> Result<PathBuf, String> {
    let work = job.out.join("rpm");
    super::remove_folder(&work)?;
    let spec = work.join("benchtop.spec");
    write(&spec, &spec_text(&job.version, tree, files))?;
    let folder = |name: &str, path: &Path| format!("{name} {}", path.display());
    Cmd::new("rpmbuild")
        .args(&["-bb", "--quiet", "--define"])
        .arg(folder("_topdir", &work))
        .arg("--define")
        .arg(folder("_rpmdir", &job.out))
        .args(&[
            "--define",
            "_build_name_fmt %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm",
        ])
        .arg(&spec)
        .env("SOURCE_DATE_EPOCH", notes::epoch(&job.root))
        .run()?;
    super::remove_folder(&work)?;
    let architecture = Cmd::new("rpm").args(&["--eval", "%{_arch}"]);
    let architecture = architecture.output(Duration::from_secs(10));
    let architecture = architecture.ok_or("rpm does not say its architecture")?;
    Ok(job.out.join(format!(
        "benchtop-{}-1.{}.rpm",
        job.version,
        architecture.trim()
    )))
}

/// The recipe: nothing is built, the tree is copied. What the programs are linked with is
/// found by rpmbuild itself.
fn spec_text(version: &str, tree: &Path, files: &[String]) -> String {
    let about = notes::wrapped(notes::DESCRIPTION, "", "");
    let list: Vec<String> = files.iter().map(|file| quoted(file)).collect();
    format!(
        "%global __os_install_post %{{nil}}\n%global debug_package %{{nil}}\n\
         %global _binary_payload w19.zstdio\n\
         Name: benchtop\nVersion: {version}\nRelease: 1\nLicense: MIT OR Apache-2.0\n\
         Summary: {}\nRecommends: libayatana-appindicator-gtk3\n\n\
         %description\n{about}\n\
         %install\ncp -a '{}/usr' '%{{buildroot}}/'\n\n\
         %preun\n{}\n\
         %files\n{}\n",
        capitalised(notes::SUMMARY),
        tree.display(),
        before_removal(),
        list.join("\n"),
    )
}

/// What the `.deb` does before it is removed, told as rpm tells it: by the number of
/// packages that stay.
fn before_removal() -> String {
    const PRERM: &str = include_str!("../../../app/linux/prerm");
    PRERM
        .trim_start_matches("#!/bin/sh\n")
        .replace("[ \"$1\" = remove ] || exit 0", "[ \"$1\" = 0 ] || exit 0")
        .replace('%', "%%")
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

fn quoted(file: &str) -> String {
    format!("\"{file}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recipe_lists_every_file() {
        let files = ["/usr/bin/benchtop".to_owned(), "/usr/share/a b".to_owned()];
        let text = spec_text("0.1.0", Path::new("/tmp/tree"), &files);
        assert!(text.contains("%files\n\"/usr/bin/benchtop\"\n\"/usr/share/a b\"\n"));
        assert!(text.contains("Summary: Start, watch"));
        assert!(!text.contains("%{{"), "{text}");
        assert!(text.contains("%preun\n# Services must not go on"), "{text}");
        assert!(text.contains("[ \"$1\" = 0 ] || exit 0") && text.contains("stat -c %%u"));
    }
}
