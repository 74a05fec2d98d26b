//! System packages: what each purpose needs, how to tell that it is there, and how each
//! package manager calls it.

use std::io::{self, Write};
use std::time::Duration;

use crate::sh::{self, Cmd};

/// A purpose, and with it a set of needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Purpose {
    /// Compile the engine and the CLI.
    Build,
    /// Compile and open the desktop.
    Desktop,
    /// Drive the desktop and the UI without a person.
    DesktopTests,
    /// Build test images and run containers.
    ContainerTests,
}

/// Installs what is missing for these purposes; quick when nothing is.
pub(crate) fn install(purposes: &[Purpose], yes: bool) -> Result<(), String> {
    if cfg!(target_os = "macos") {
        return check_macos();
    }
    if cfg!(windows) {
        return check_windows(purposes, yes);
    }
    let missing: Vec<&Need> = NEEDS
        .iter()
        .filter(|n| purposes.contains(&n.purpose) && !n.probe.finds_it())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("Missing on this machine:");
    for need in &missing {
        println!("  {}: {}", need.what, need.why);
    }
    let Some(manager) = Manager::find() else {
        return Err(
            "no package manager that xtask knows (apt-get, dnf, pacman); install the \
                    above by hand"
                .to_owned(),
        );
    };
    let names: Vec<&str> = missing
        .iter()
        .flat_map(|need| manager.names(need))
        .copied()
        .collect();
    if names.is_empty() {
        return Err(format!(
            "{} has no package for it that xtask knows",
            manager.program()
        ));
    }
    manager.install(&names, yes)?;
    match missing.iter().find(|need| !need.probe.finds_it()) {
        None => Ok(()),
        Some(need) => Err(format!(
            "{} is still missing after the installation",
            need.what
        )),
    }
}

/// One thing that must be on the machine.
struct Need {
    purpose: Purpose,
    what: &'static str,
    why: &'static str,
    probe: Probe,
    apt: &'static [&'static str],
    dnf: &'static [&'static str],
    pacman: &'static [&'static str],
}

/// How to tell that it is there, on any distribution.
enum Probe {
    /// A program in the search path, by any of these names.
    Program(&'static [&'static str]),
    /// A library with its headers, by any of these names.
    Library(&'static [&'static str]),
    /// A program that runs in an empty image, because it is linked statically.
    StaticProgram(&'static str),
}

impl Probe {
    fn finds_it(&self) -> bool {
        let limit = Duration::from_secs(10);
        match self {
            Self::Program(names) => names.iter().any(|name| sh::find_program(name).is_some()),
            Self::Library(names) => names.iter().any(|name| {
                Cmd::new("pkg-config")
                    .args(&["--exists", name])
                    .output(limit)
                    .is_some()
            }),
            Self::StaticProgram(name) => sh::find_program(name).is_some_and(|file| {
                // ldd fails for a static program, and lists the libraries of any other.
                let libraries = Cmd::new("ldd").arg(file).output(limit).unwrap_or_default();
                !libraries.contains("=>")
            }),
        }
    }
}

const NEEDS: &[Need] = &[
    Need {
        purpose: Purpose::Build,
        what: "a C compiler",
        why: "SQLite and the cryptography of TLS are C",
        probe: Probe::Program(&["cc", "gcc", "clang"]),
        apt: &["build-essential"],
        dnf: &["gcc", "gcc-c++", "make"],
        pacman: &["base-devel"],
    },
    Need {
        purpose: Purpose::Desktop,
        what: "pkg-config",
        why: "the build finds the system's libraries with it",
        probe: Probe::Program(&["pkg-config"]),
        apt: &["pkg-config"],
        dnf: &["pkgconf-pkg-config"],
        pacman: &["pkgconf"],
    },
    Need {
        purpose: Purpose::Desktop,
        what: "WebKitGTK 4.1 with its headers",
        why: "the window shows the UI in it",
        probe: Probe::Library(&["webkit2gtk-4.1"]),
        apt: &["libwebkit2gtk-4.1-dev"],
        dnf: &["webkit2gtk4.1-devel"],
        pacman: &["webkit2gtk-4.1"],
    },
    Need {
        purpose: Purpose::Desktop,
        what: "libdbus with its headers",
        why: "the window talks to the session through it",
        probe: Probe::Library(&["dbus-1"]),
        apt: &["libdbus-1-dev"],
        dnf: &["dbus-devel"],
        pacman: &["dbus"],
    },
    Need {
        purpose: Purpose::Desktop,
        what: "the AppIndicator library",
        why: "the tray icon is shown through it",
        probe: Probe::Library(&["ayatana-appindicator3-0.1", "appindicator3-0.1"]),
        apt: &["libayatana-appindicator3-dev"],
        dnf: &["libappindicator-gtk3-devel"],
        pacman: &["libappindicator-gtk3"],
    },
    Need {
        purpose: Purpose::DesktopTests,
        what: "WebKitWebDriver",
        why: "the desktop tests click in the real window with it",
        probe: Probe::Program(&["WebKitWebDriver"]),
        apt: &["webkit2gtk-driver"],
        dnf: &["webkit2gtk4.1"],
        pacman: &["webkit2gtk-4.1"],
    },
    Need {
        purpose: Purpose::DesktopTests,
        what: "Xvfb",
        why: "the desktop tests need a screen that nobody looks at",
        probe: Probe::Program(&["Xvfb"]),
        apt: &["xvfb"],
        dnf: &["xorg-x11-server-Xvfb"],
        pacman: &["xorg-server-xvfb"],
    },
    Need {
        purpose: Purpose::DesktopTests,
        what: "dbus-daemon",
        why: "the tray and the notifications are tested on a private bus",
        probe: Probe::Program(&["dbus-daemon"]),
        apt: &["dbus"],
        dnf: &["dbus-daemon"],
        pacman: &["dbus"],
    },
    Need {
        purpose: Purpose::DesktopTests,
        what: "Chromium",
        why: "the UI is tested in a browser as well",
        probe: Probe::Program(&["chromium", "chromium-browser", "google-chrome"]),
        apt: &["chromium"],
        dnf: &["chromium"],
        pacman: &["chromium"],
    },
    Need {
        purpose: Purpose::DesktopTests,
        what: "desktop-file-validate",
        why: "the package's desktop entry is checked by it",
        probe: Probe::Program(&["desktop-file-validate"]),
        apt: &["desktop-file-utils"],
        dnf: &["desktop-file-utils"],
        pacman: &["desktop-file-utils"],
    },
    Need {
        purpose: Purpose::DesktopTests,
        what: "appstreamcli",
        why: "the package's description for software centres is checked by it",
        probe: Probe::Program(&["appstreamcli"]),
        apt: &["appstream"],
        dnf: &["appstream"],
        pacman: &["appstream"],
    },
    Need {
        purpose: Purpose::DesktopTests,
        what: "lintian",
        why: "the .deb is checked by it, where packages are of that kind",
        probe: Probe::Program(&["lintian", "dnf", "pacman"]),
        apt: &["lintian"],
        dnf: &["lintian"],
        pacman: &["dpkg"],
    },
    Need {
        purpose: Purpose::ContainerTests,
        what: "a container engine",
        why: "the container tests start real containers",
        probe: Probe::Program(&["dockerd"]),
        apt: &["docker.io", "ca-certificates"],
        dnf: &["moby-engine"],
        pacman: &["docker"],
    },
    Need {
        purpose: Purpose::ContainerTests,
        what: "the docker client",
        why: "the test images are built with it",
        probe: Probe::Program(&["docker"]),
        apt: &["docker.io"],
        dnf: &["docker-cli"],
        pacman: &["docker"],
    },
    Need {
        purpose: Purpose::ContainerTests,
        what: "debootstrap",
        why: "the test images are built from packages, not pulled from a registry",
        probe: Probe::Program(&["debootstrap"]),
        apt: &["debootstrap"],
        dnf: &["debootstrap"],
        pacman: &["debootstrap"],
    },
    Need {
        purpose: Purpose::ContainerTests,
        what: "a static busybox",
        why: "it is all that the smallest test image holds",
        probe: Probe::StaticProgram("busybox"),
        apt: &["busybox-static"],
        dnf: &["busybox"],
        pacman: &["busybox"],
    },
];

/// The package managers that xtask can work with on Linux.
#[derive(Clone, Copy)]
enum Manager {
    Apt,
    Dnf,
    Pacman,
}

impl Manager {
    fn find() -> Option<Self> {
        [Self::Apt, Self::Dnf, Self::Pacman]
            .into_iter()
            .find(|manager| sh::find_program(manager.program()).is_some())
    }

    fn program(self) -> &'static str {
        match self {
            Self::Apt => "apt-get",
            Self::Dnf => "dnf",
            Self::Pacman => "pacman",
        }
    }

    fn names(self, need: &Need) -> &'static [&'static str] {
        match self {
            Self::Apt => need.apt,
            Self::Dnf => need.dnf,
            Self::Pacman => need.pacman,
        }
    }

    /// The commands that install these packages, without asking.
    fn commands(self, names: &[&str], root: bool, asks_password: bool) -> Vec<Cmd> {
        let start = || {
            let mut words: Vec<&str> = Vec::new();
            if !root {
                words.push("sudo");
                if !asks_password {
                    words.push("--non-interactive");
                }
            }
            if matches!(self, Self::Apt) {
                // sudo drops the environment, so it is set behind it.
                words.extend(["env", "DEBIAN_FRONTEND=noninteractive"]);
            }
            words.push(self.program());
            Cmd::new(words[0]).args(&words[1..])
        };
        match self {
            Self::Apt => vec![
                start().arg("update"),
                start()
                    .args(&["install", "--yes", "--no-install-recommends"])
                    .args(names),
            ],
            Self::Dnf => vec![start().args(&["install", "--assumeyes"]).args(names)],
            Self::Pacman => {
                vec![
                    start()
                        .args(&["--sync", "--needed", "--noconfirm"])
                        .args(names),
                ]
            }
        }
    }

    fn install(self, names: &[&str], yes: bool) -> Result<(), String> {
        let commands = self.commands(names, is_root(), sh::interactive());
        if sh::interactive() && !yes {
            println!("Xtask would install it with:");
            for command in &commands {
                println!("  {}", command.shown());
            }
            if !agreed()? {
                return Err(
                    "nothing was installed; run the command above yourself, or say yes \
                            next time"
                        .to_owned(),
                );
            }
        }
        commands.into_iter().try_for_each(Cmd::run)
    }
}

fn check_macos() -> Result<(), String> {
    let tools = Cmd::new("xcode-select")
        .arg("-p")
        .output(Duration::from_secs(10));
    tools.map(drop).ok_or_else(|| {
        "the Xcode command line tools are missing: the compiler and the system's headers are in \
         them\nhint: `xcode-select --install`"
            .to_owned()
    })
}

/// The compiler and linker are there, or xtask itself would not have been built.
fn check_windows(purposes: &[Purpose], yes: bool) -> Result<(), String> {
    const CLIENT: &str = r"Microsoft\EdgeUpdate\Clients\{F3017226-FE2A-4795-8BDF-00C3A9A7E4C5}";
    let hives = [
        r"HKLM\SOFTWARE\WOW6432Node\",
        r"HKLM\SOFTWARE\",
        r"HKCU\Software\",
    ];
    let there = hives.iter().any(|hive| {
        let key = format!("{hive}{CLIENT}");
        Cmd::new("reg")
            .args(&["query", &key, "/v", "pv"])
            .output(Duration::from_secs(10))
            .is_some()
    });
    if there || !purposes.contains(&Purpose::Desktop) {
        return Ok(());
    }
    println!("Missing on this machine:\n  the WebView2 runtime: the window shows the UI in it");
    let winget = Cmd::new("winget").args(&["install", "--id", "Microsoft.EdgeWebView2Runtime"]);
    if sh::interactive() && !yes {
        println!("Xtask would install it with:\n  {}", winget.shown());
        if !agreed()? {
            return Err("nothing was installed; run the command above yourself".to_owned());
        }
    }
    winget
        .args(&["--accept-package-agreements", "--accept-source-agreements"])
        .run()
}

fn agreed() -> Result<bool, String> {
    print!("Install now? [Y/n] ");
    let mut answer = String::new();
    io::stdout()
        .flush()
        .and_then(|()| io::stdin().read_line(&mut answer))
        .map_err(|e| format!("cannot ask: {e}"))?;
    Ok(matches!(
        answer.trim().to_ascii_lowercase().as_str(),
        "" | "y" | "yes"
    ))
}

pub(crate) fn is_root() -> bool {
    Cmd::new("id")
        .arg("-u")
        .output(Duration::from_secs(10))
        .is_some_and(|text| text.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(manager: Manager, root: bool, asks_password: bool) -> Vec<String> {
        let commands = manager.commands(&["one", "two"], root, asks_password);
        commands.iter().map(Cmd::shown).collect()
    }

    #[test]
    fn root_needs_no_sudo() {
        assert_eq!(
            shown(Manager::Apt, true, true),
            [
                "env DEBIAN_FRONTEND=noninteractive apt-get update",
                "env DEBIAN_FRONTEND=noninteractive apt-get install --yes \
                 --no-install-recommends one two",
            ]
        );
        assert_eq!(
            shown(Manager::Pacman, true, false),
            ["pacman --sync --needed --noconfirm one two"]
        );
    }

    #[test]
    fn sudo_may_ask_for_a_password_only_when_someone_can_type_it() {
        assert_eq!(
            shown(Manager::Dnf, false, true),
            ["sudo dnf install --assumeyes one two"]
        );
        assert_eq!(
            shown(Manager::Dnf, false, false),
            ["sudo --non-interactive dnf install --assumeyes one two"]
        );
    }

    #[test]
    fn every_need_has_a_package_for_every_manager() {
        for need in NEEDS {
            for manager in [Manager::Apt, Manager::Dnf, Manager::Pacman] {
                assert!(
                    !manager.names(need).is_empty(),
                    "{} has no package for {}",
                    need.what,
                    manager.program()
                );
            }
        }
    }

    #[test]
    fn a_program_is_found_by_any_of_its_names() {
        assert!(Probe::Program(&["no-such-program-here", "cargo"]).finds_it());
        assert!(!Probe::Program(&["no-such-program-here"]).finds_it());
        assert!(!Probe::StaticProgram("no-such-program-here").finds_it());
    }
}
