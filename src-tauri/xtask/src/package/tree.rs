//! The files of a package: where each comes from, where it lies on the system.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Job, notes, read, set_mode, write};
use crate::sh::Cmd;

/// Name of everything that the desktop finds by the program's identity.
const ID: &str = "dev.benchtop.Benchtop";

/// Size in points and file of each icon.
const ICONS: [(&str, &str); 4] = [
    ("32x32", "32x32.png"),
    ("128x128", "128x128.png"),
    ("256x256", "128x128@2x.png"),
    ("512x512", "icon.png"),
];

/// Lays out everything below `usr` in the folder; gives the paths, seen from the root.
pub(super) fn stage(job: &Job, folder: &Path) -> Result<Vec<String>, String> {
    for name in ["benchtop", "benchtop-desktop"] {
        let target = folder.join("usr/bin").join(name);
        copy(&job.programs.join(name), &target, 0o755)?;
        // Debug programs are not stripped by their profile.
        Cmd::new("strip")
            .arg("--strip-unneeded")
            .arg(&target)
            .run()?;
    }
    desktop(job, folder)?;
    words(job, folder)?;
    documents(job, folder)?;
    let mut files = Vec::new();
    list(folder, folder, &mut files)?;
    files.sort();
    Ok(files)
}

/// What makes it a program of the desktop.
fn desktop(job: &Job, folder: &Path) -> Result<(), String> {
    let (source, share) = (
        job.root.join("src-tauri/app/linux"),
        folder.join("usr/share"),
    );
    let entry = format!("{ID}.desktop");
    copy(
        &source.join(&entry),
        &share.join("applications").join(&entry),
        0o644,
    )?;
    let types = format!("{ID}.xml");
    copy(
        &source.join(&types),
        &share.join("mime/packages").join(&types),
        0o644,
    )?;
    let name = format!("{ID}.metainfo.xml");
    let text = read(&source.join(&name))?
        .replace("@VERSION@", &job.version)
        .replace("@DATE@", &notes::date(&job.root));
    write(&share.join("metainfo").join(&name), &text)?;
    let icons = share.join("icons/hicolor");
    for (size, file) in ICONS {
        let target = icons.join(size).join("apps").join(format!("{ID}.png"));
        copy(&job.root.join("icons").join(file), &target, 0o644)?;
    }
    let target = icons.join("scalable/apps").join(format!("{ID}.svg"));
    copy(&job.root.join("icons/icon.svg"), &target, 0o644)
}

/// Manual pages and completions, which the program itself writes.
fn words(job: &Job, folder: &Path) -> Result<(), String> {
    let benchtop = job.programs.join("benchtop");
    let pages = folder.join("usr/share/man/man1");
    fs::create_dir_all(&pages).map_err(|e| format!("{}: {e}", pages.display()))?;
    Cmd::new(&benchtop).arg("manual").arg(&pages).run()?;
    write(
        &pages.join("benchtop-desktop.1"),
        &notes::desktop_page(&job.version),
    )?;
    let pages = paths_in(&pages)?;
    Cmd::new("gzip").arg("-9n").args(&pages).run()?;
    for (shell, file) in [
        ("bash", "bash-completion/completions/benchtop"),
        ("zsh", "zsh/vendor-completions/_benchtop"),
        ("fish", "fish/vendor_completions.d/benchtop.fish"),
    ] {
        let target = folder.join("usr/share").join(file);
        write(&target, "")?;
        Cmd::new(&benchtop)
            .args(&["completions", shell])
            .into_file(&target)?;
    }
    Ok(())
}

fn documents(job: &Job, folder: &Path) -> Result<(), String> {
    let doc = folder.join("usr/share/doc/benchtop");
    let template = read(&job.root.join("src-tauri/app/linux/copyright"))?;
    let mit = notes::indented(&read(&job.root.join("LICENSE-MIT"))?);
    write(&doc.join("copyright"), &template.replace("@MIT@", &mit))?;
    copy(&job.root.join("README.md"), &doc.join("README.md"), 0o644)?;
    let changes = read(&job.root.join("CHANGELOG.md"))?;
    let changes = notes::debian_changelog(&changes, &job.version, &notes::mail_date(&job.root));
    write(&doc.join("changelog"), &changes)?;
    Cmd::new("gzip").arg("-9n").arg(doc.join("changelog")).run()
}

fn copy(from: &Path, to: &Path, mode: u32) -> Result<(), String> {
    let folder = to.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| fs::copy(from, to))
        .and_then(|_| set_mode(to, mode))
        .map_err(|e| format!("cannot copy {} to {}: {e}", from.display(), to.display()))
}

fn paths_in(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let found = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    Ok(found.flatten().map(|entry| entry.path()).collect())
}

fn list(root: &Path, folder: &Path, files: &mut Vec<String>) -> Result<(), String> {
    for path in paths_in(folder)? {
        if path.is_dir() {
            list(root, &path, files)?;
        } else if let Ok(below) = path.strip_prefix(root) {
            files.push(format!("/{}", below.display()));
        }
    }
    Ok(())
}
