//! What the machine is, for whoever compares its runs with those of another.

use benchtop_model::host::HostFacts;

/// Asks the system; what it does not tell is empty or 0. May take some milliseconds.
#[must_use]
pub fn facts() -> HostFacts {
    let memory = sysinfo::System::new().map(|mut system| {
        system.refresh_memory();
        system.total_memory()
    });
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    HostFacts {
        system: system(),
        kernel: kernel(),
        architecture: std::env::consts::ARCH.to_owned(),
        cpus: u32::try_from(cpus).unwrap_or(u32::MAX),
        memory: memory.unwrap_or_default(),
        benchtop: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn kernel() -> String {
    let told = nix::sys::utsname::uname();
    told.map(|told| told.release().to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// As the distribution calls itself; elsewhere the name of the system.
fn system() -> String {
    let text = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let named = text
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="));
    match named {
        Some(name) => name.trim_matches('"').to_owned(),
        None => std::env::consts::OS.to_owned(),
    }
}
