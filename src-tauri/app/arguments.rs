//! The command line of the desktop.

use std::path::Path;

/// What to open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// Open and start the built-in sample.
    pub(crate) sample: bool,
    /// Start in the tray, without a window.
    pub(crate) hidden: bool,
    /// Open this folder or file.
    pub(crate) path: Option<String>,
}

impl Arguments {
    /// Unknown switches are ignored: desktops add their own.
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Self {
        words.fold(Self::default(), |found, word| match word.as_str() {
            "--sample" => Self {
                sample: true,
                ..found
            },
            "--hidden" => Self {
                hidden: true,
                ..found
            },
            switch if switch.starts_with('-') => found,
            _ => Self {
                path: Some(word),
                ..found
            },
        })
    }

    /// With a relative path made absolute.
    pub(crate) fn below(mut self, cwd: &str) -> Self {
        self.path = self
            .path
            .map(|path| Path::new(cwd).join(path).display().to_string());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_path_and_a_switch_is_not() {
        let words = |text: &str| Arguments::parse(text.split(' ').map(str::to_owned));
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
}
