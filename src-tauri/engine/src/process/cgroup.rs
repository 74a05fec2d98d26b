//! A group of the kernel for each instance, where one can be made: what the program starts
//! is in it for good, whatever session, parent or environment it takes. Version 2 where it
//! is mounted, else a hierarchy of version 1. A user whose groups were not delegated has
//! none; then [`super::stray`] goes by the mark in the environment.

use std::path::{Path, PathBuf};

/// Turns groups off, for machines where they are in the way, and for tests of the other
/// way.
const OFF: &str = "BENCHTOP_NO_CGROUP";

/// The group of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group(PathBuf);

impl Group {
    /// Makes a group and enters it, so that what is started next is born in it; `None`
    /// where this user may make none.
    pub(crate) fn enter(name: &str) -> Option<Self> {
        if std::env::var_os(OFF).is_some() {
            return None;
        }
        let own = std::fs::read_to_string("/proc/self/cgroup").ok()?;
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
        let made = |place: PathBuf| {
            let folder = place.join(format!("benchtop-{name}"));
            // One of a shim that was killed is used again.
            let there = folder.is_dir() || std::fs::create_dir(&folder).is_ok();
            let group = Self(folder);
            let entered = there && group.add_self().is_ok();
            if there && !entered {
                group.remove();
            }
            entered.then_some(group)
        };
        places(&own, &mounts).into_iter().find_map(made)
    }

    /// The group at this place, made by another process.
    pub(crate) fn at(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    /// Leaves it for the one above: what was started stays.
    pub(crate) fn leave(&self) {
        if let Some(above) = self.0.parent() {
            // Where that is refused we stay, and are passed over by whoever ends the rest.
            _ = Self(above.to_owned()).add_self();
        }
    }

    /// Who is in it, apart from this process.
    pub(crate) fn members(&self) -> Vec<u32> {
        let text = std::fs::read_to_string(self.0.join("cgroup.procs")).unwrap_or_default();
        let all = text.lines().filter_map(|line| line.parse().ok());
        all.filter(|pid| *pid != std::process::id()).collect()
    }

    /// Takes it away; the kernel refuses while somebody lives in it.
    pub(crate) fn remove(&self) {
        // One that stays is empty, and used again by the next start.
        _ = std::fs::remove_dir(&self.0);
    }

    fn add_self(&self) -> std::io::Result<()> {
        let procs = self.0.join("cgroup.procs");
        std::fs::write(procs, std::process::id().to_string())
    }
}

/// Folders of this process's own groups, the best hierarchy first.
fn places(own: &str, mounts: &str) -> Vec<PathBuf> {
    let hierarchy = |line: &str| {
        let mut fields = line.splitn(3, ':').skip(1);
        Some((fields.next()?.to_owned(), fields.next()?.to_owned()))
    };
    let mine: Vec<(String, String)> = own.lines().filter_map(hierarchy).collect();
    // Nothing is limited by these, so nothing changes for the program.
    ["", "name=systemd", "pids"]
        .iter()
        .filter_map(|wanted| {
            let (_, path) = mine.iter().find(|(name, _)| name == wanted)?;
            let (root, point) = mount(mounts, wanted)?;
            let below = Path::new(path).strip_prefix(root).ok()?;
            Some(Path::new(point).join(below))
        })
        .collect()
}

/// Root and mount point of a hierarchy.
fn mount<'a>(mounts: &'a str, wanted: &str) -> Option<(&'a str, &'a str)> {
    mounts.lines().find_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let mut right = right.split(' ');
        let (kind, options) = (right.next()?, right.nth(1)?);
        let fits = match wanted {
            "" => kind == "cgroup2",
            name => kind == "cgroup" && options.split(',').any(|option| option == name),
        };
        let mut left = left.split(' ').skip(3);
        fits.then_some((left.next()?, left.next()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_2_comes_before_version_1() {
        let own = "9:name=systemd:/user\n8:pids:/p\n4:memory:/m\n0::/user.slice/me\n";
        let mounts = "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate
";
        let folder = |path: &str| PathBuf::from(format!("/sys/fs/cgroup/{path}"));
        assert_eq!(
            places(own, mounts),
            [
                folder("unified/user.slice/me"),
                folder("systemd/user"),
                folder("pids/p")
            ]
        );
        assert_eq!(places(own, ""), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_mount_of_a_part_is_not_taken_for_the_whole() {
        let mounts = "41 31 0:38 /box /sys/fs/cgroup ro - cgroup2 cgroup2 ro\n";
        let place = PathBuf::from("/sys/fs/cgroup/a");
        assert_eq!(places("0::/box/a\n", mounts), [place]);
        assert_eq!(places("0::/other\n", mounts), Vec::<PathBuf>::new());
    }
}
