//! Names on the way from a manifest into an environment file.

/// A name as that of a variable: `redis-password` is `REDIS_PASSWORD`.
pub(super) fn variable(name: &str) -> String {
    let upper: String = name
        .chars()
        .map(|c| match c.is_ascii_alphanumeric() {
            true => c.to_ascii_uppercase(),
            false => '_',
        })
        .collect();
    match upper.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("_{upper}"),
        false => upper,
    }
}

/// Whether a name can be that of a service.
pub(super) fn is_service(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

/// A name as that of a volume.
pub(super) fn volume(name: &str) -> String {
    let kept = name.chars();
    kept.map(|c| match c.is_ascii_alphanumeric() || "._-".contains(c) {
        true => c,
        false => '-',
    })
    .collect()
}

/// A path of the manifest as seen from the file that is written: `base` leads
/// from there to the manifest's folder.
pub(super) fn path(base: &str, path: &str) -> String {
    let path = path.replace('\\', "/");
    if path.starts_with('/') {
        return path;
    }
    let joined = match base.trim_end_matches('/') {
        "" | "." => path,
        base => format!("{base}/{path}"),
    };
    let tidy = tidy(&joined);
    match tidy.starts_with("..") || tidy.starts_with('/') {
        true => tidy,
        false if tidy == "." => tidy,
        false => format!("./{tidy}"),
    }
}

/// Without `.` and with as few `..` as can be.
fn tidy(path: &str) -> String {
    let root = if path.starts_with('/') { "/" } else { "" };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    match (root, parts.is_empty()) {
        ("", true) => ".".to_owned(),
        _ => format!("{root}{}", parts.join("/")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_file_that_is_written() {
        for (base, written, expected) in [
            ("", "../Api/Api.csproj", "../Api/Api.csproj"),
            ("", "qots", "./qots"),
            ("", ".", "."),
            ("Shop.AppHost", "../Api/Api.csproj", "./Api/Api.csproj"),
            ("Shop.AppHost", ".", "./Shop.AppHost"),
            ("..", "..\\x", "../../x"),
            ("a", "/x/y", "/x/y"),
        ] {
            assert_eq!(path(base, written), expected, "{base} {written}");
        }
        assert_eq!(variable("sql-password"), "SQL_PASSWORD");
        assert_eq!(variable("1.a"), "_1_A");
    }
}
