//! The command line of the desktop.

use crate::link::Link;
use std::path::Path;

/// What to open, and what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// Open and start the built-in sample.
    pub(crate) sample: bool,
    /// Start in the tray, without a window.
    pub(crate) hidden: bool,
    /// Open this folder or file.
    pub(crate) path: Option<String>,
    /// A link that was clicked somewhere.
    pub(crate) link: Option<Link>,
    /// What to do to all that is open: an action of the icon in the system's menu.
    pub(crate) all: Option<All>,
}

/// What can be done to everything at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum All {
    /// Start it.
    Start,
    /// Stop it.
    Stop,
}

impl Arguments {
    /// Unknown switches are ignored: desktops add their own.
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Self {
        let mut found = Self::default();
        for word in words {
            match word.as_str() {
                "--sample" => found.sample = true,
                "--hidden" => found.hidden = true,
                "--start-all" => found.all = Some(All::Start),
                "--stop-all" => found.all = Some(All::Stop),
                switch if switch.starts_with('-') => {}
                link if Link::is_meant(link) => found.link = Some(Link::parse(link)),
                _ => found.path = Some(without_scheme(word)),
            }
        }
        found
    }

    /// With a relative path made absolute.
    pub(crate) fn below(mut self, cwd: &str) -> Self {
        self.path = self
            .path
            .map(|path| Path::new(cwd).join(path).display().to_string());
        self
    }

    /// Whether they name something to open.
    pub(crate) fn opens(&self) -> bool {
        self.sample || self.path.is_some()
    }
}

/// File managers hand a file over as an address.
fn without_scheme(word: String) -> String {
    let url = tauri::Url::parse(&word)
        .ok()
        .filter(|url| url.scheme() == "file");
    let path = url.and_then(|url| url.to_file_path().ok());
    path.map_or(word, |path| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Arguments {
        Arguments::parse(text.split(' ').map(str::to_owned))
    }

    #[test]
    fn a_word_is_a_path_and_a_switch_is_not() {
        assert_eq!(
            words("--sample"),
            Arguments {
                sample: true,
                ..Arguments::default()
            }
        );
        assert_eq!(words("--gtk-thing shop").path.as_deref(), Some("shop"));
        assert_eq!(
            words("shop").below("/srv").path.as_deref(),
            Some("/srv/shop")
        );
        assert_eq!(
            words("/srv/shop").below("/mnt").path.as_deref(),
            Some("/srv/shop")
        );
    }

    #[test]
    fn an_address_of_a_file_is_its_path() {
        assert_eq!(
            words("file:///srv/my%20shop/benchtop.yaml")
                .below("/mnt")
                .path
                .as_deref(),
            Some("/srv/my shop/benchtop.yaml")
        );
    }

    #[test]
    fn a_link_and_an_action_open_nothing() {
        let link = words("benchtop://settings");
        assert_eq!(link.link, Some(Link::View("#/settings".to_owned())));
        assert!(!link.opens());
        assert_eq!(words("--stop-all").all, Some(All::Stop));
        assert_eq!(words("--start-all --hidden").all, Some(All::Start));
        assert!(words("benchtop.yaml").opens());
    }
}
