//! A session bus on which nothing is but what the test puts there. The system's
//! own configuration would start portals, one after the other, that all fail
//! here and take seconds.

use super::background::Background;
use std::path::Path;
use std::process::Command;

#[derive(Debug)]
pub(super) struct SessionBus {
    address: String,
    _daemon: Background,
}

impl SessionBus {
    pub(super) fn new(folder: &Path) -> Self {
        let file = folder.join("bus.conf");
        std::fs::write(&file, configuration(folder)).expect("write the bus configuration");
        let mut daemon = Command::new("dbus-daemon");
        daemon.arg(format!("--config-file={}", file.display()));
        daemon.args(["--nofork", "--nopidfile", "--print-address=1"]);
        let (daemon, address) = Background::start_and_read("dbus-daemon", daemon);
        Self {
            address,
            _daemon: daemon,
        }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }
}

fn configuration(folder: &Path) -> String {
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={}/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#,
        folder.display()
    )
}
