//! Paths of the host as written, made absolute.

use super::Project;
use std::path::{Component, Path, PathBuf};

/// A path of the host: relative to the project folder, `~` as the home folder.
/// `.` and `..` are resolved by their words alone, since nothing is looked up.
pub(super) fn absolute(text: &str, project: &Project<'_>) -> PathBuf {
    if is_windows_drive(text) {
        return PathBuf::from(text);
    }
    let home = project.scope.get("HOME").filter(|home| !home.is_empty());
    let path = match (text.strip_prefix('~'), home) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
            Path::new(home).join(rest.trim_start_matches('/'))
        }
        _ => project.dir.join(text),
    };
    tidy(&path)
}

/// `C:\…` or `C:/…`, which stays as it is on every system.
pub(super) fn is_windows_drive(text: &str) -> bool {
    matches!(text.as_bytes(), [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic())
}

fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                tidy.pop();
            }
            _ => tidy.push(part),
        }
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_resolved_by_their_words() {
        for (path, expected) in [("/a/./b/../c", "/a/c"), ("/../a", "/a"), ("/a/b/", "/a/b")] {
            assert_eq!(tidy(Path::new(path)), Path::new(expected));
        }
    }
}
