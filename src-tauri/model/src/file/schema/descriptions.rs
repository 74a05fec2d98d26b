//! What an editor says of each key while it is written.
//!
//! A key is named by the end of its path: `image` wherever it stands, and
//! `build.args` for that one alone; the longest that fits counts. Free names, such
//! as those of services, are `*`. A test sees to it that every key of the schema
//! has a text, and every text a key.

const FILE: &str = include_str!("descriptions.txt");

/// The path's end, and what is said of it.
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILE.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(": "))
}

/// The text for the key at the end of this path.
pub(super) fn of(path: &[&str]) -> Option<&'static str> {
    (0..path.len()).find_map(|from| {
        let wanted = path[from..].join(".");
        let found = all().find(|(key, _)| *key == wanted);
        found.map(|(_, text)| text)
    })
}
