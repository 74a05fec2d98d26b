//! What the desktop tests need of the machine.

/// Whether it is all there; the line that is printed where it is not is counted
/// as a skipped test.
pub(super) fn desktop(test: &str) -> bool {
    let missing: Vec<&str> = NEEDED
        .into_iter()
        .filter(|program| !is_in_path(program))
        .collect();
    if missing.is_empty() {
        return true;
    }
    let missing = missing.join(", ");
    let demanded = std::env::var("BENCHTOP_REQUIRE")
        .is_ok_and(|list| list.split(',').any(|word| word == "desktop"));
    assert!(!demanded, "{test} needs {missing}");
    println!("SKIPPED {test}: {missing} not found");
    false
}

const NEEDED: [&str; 3] = ["Xvfb", "WebKitWebDriver", "dbus-daemon"];

fn is_in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
