//! The data folder: whether it can be used, and how large it is.

use benchtop_model::doctor::facts::{DataFact, Fact, Integrity};
use nix::unistd::{AccessFlags, access, geteuid};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// More entries than this are not counted: a folder on a network may be slow.
const MOST_ENTRIES: u32 = 200_000;

/// Looks at the data folder, and at all that lies in it where that is wanted. The history
/// is looked at by whoever knows it.
#[must_use]
pub fn folder(data: &Path, count: bool) -> DataFact {
    DataFact {
        path: data.display().to_string(),
        usable: usable(data),
        size: if count {
            size(data)
        } else {
            Err("it was not counted".to_owned())
        },
        history: Ok(Integrity::Absent),
    }
}

/// One that is not there is made when it is needed, in a folder that may be written.
fn usable(data: &Path) -> Result<(), String> {
    let Ok(found) = std::fs::metadata(data) else {
        let above = data.ancestors().skip(1).find(|above| above.exists());
        return match above.map(|above| (above, access(above, AccessFlags::W_OK))) {
            Some((above, Err(error))) => Err(format!(
                "it is not there, and {} cannot be written: {error}",
                above.display()
            )),
            _ => Ok(()),
        };
    };
    if !found.is_dir() {
        return Err("it is no folder".to_owned());
    }
    if found.uid() != geteuid().as_raw() {
        return Err("it belongs to another user".to_owned());
    }
    access(data, AccessFlags::W_OK).map_err(|error| format!("it cannot be written: {error}"))
}

/// Bytes on the disk, each file once, and whether all were counted.
fn size(data: &Path) -> Fact<(u64, bool)> {
    let (mut bytes, mut seen, mut open) = (0_u64, 0, vec![data.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            seen += 1;
            if seen > MOST_ENTRIES {
                return Ok((bytes, false));
            }
            // Links are not followed: what they lead to lies elsewhere.
            match entry.metadata() {
                Ok(found) if found.is_dir() => open.push(entry.path()),
                Ok(found) => bytes = bytes.saturating_add(found.blocks() * 512),
                Err(_) => {}
            }
        }
    }
    Ok((bytes, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_counted_with_all_below_it() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join("below")).expect("below");
        std::fs::write(dir.path().join("below/file"), vec![1; 100_000]).expect("a file");
        let found = folder(dir.path(), true);
        assert_eq!(found.usable, Ok(()));
        let (bytes, all) = found.size.expect("counted");
        assert!(bytes >= 100_000 && all, "{bytes}");
    }

    #[test]
    fn a_folder_that_cannot_be_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(folder(&dir.path().join("later/on"), false).usable, Ok(()));
        let file = dir.path().join("file");
        std::fs::write(&file, "").expect("a file");
        assert_eq!(
            folder(&file, false).usable,
            Err("it is no folder".to_owned())
        );
    }
}
