//! Links of the scheme `benchtop://`, which any page and any program can offer. One
//! that shows a view is followed; what acts, or opens a file of somebody's choosing, is
//! asked of the person first. Pure.

use serde::Serialize;
use std::path::Path;
use tauri::Url;

/// The scheme, as the desktop entry declares it.
const SCHEME: &str = "benchtop";

/// Longer than any address of the page, and short enough to be shown in a question.
const LONGEST: usize = 4_096;

/// What a link wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// Bring the window forward.
    Window,
    /// Show this view: an address of the page, such as `#/e/ID/logs?service=api`.
    View(String),
    /// Something that the person must agree to.
    Wish(Wish),
}

/// What is done only after the person has agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Wish {
    /// Open this folder or file.
    Open {
        /// Its absolute path.
        path: String,
    },
    /// Start or stop everything of an environment.
    All {
        /// Start, else stop.
        start: bool,
        /// Its identity.
        environment: String,
    },
    /// Restart one service.
    Restart {
        /// The environment's identity.
        environment: String,
        /// Its name.
        service: String,
    },
}

impl Link {
    /// Whether a word of the command line is meant to be a link.
    pub(crate) fn is_meant(word: &str) -> bool {
        word.get(..SCHEME.len() + 1)
            .is_some_and(|start| start.eq_ignore_ascii_case("benchtop:"))
    }

    /// Reads a link; what it does not know brings the window forward and does nothing.
    pub(crate) fn parse(text: &str) -> Self {
        let readable = text.len() <= LONGEST && !text.chars().any(char::is_control);
        let url = Url::parse(text).ok().filter(|url| url.scheme() == SCHEME);
        match url {
            Some(url) if readable => Self::of(&url).unwrap_or(Self::Window),
            _ => Self::Window,
        }
    }

    fn of(url: &Url) -> Option<Self> {
        let segments: Vec<&str> = url
            .path()
            .split('/')
            .filter(|word| !word.is_empty())
            .collect();
        let query = url
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        match (url.host_str()?, segments.as_slice()) {
            ("settings", []) => Some(Self::View("#/settings".to_owned())),
            ("e", [_, ..]) => Some(Self::View(format!("#/e/{}{query}", segments.join("/")))),
            ("open", []) => {
                let path = url.query_pairs().find(|(key, _)| key == "path")?.1;
                // A relative one would depend on where the program was started.
                let open = Path::new(&*path).is_absolute();
                open.then(|| {
                    Self::Wish(Wish::Open {
                        path: path.into_owned(),
                    })
                })
            }
            (verb @ ("start" | "stop"), [environment]) => Some(Self::Wish(Wish::All {
                start: verb == "start",
                environment: decoded(environment)?,
            })),
            ("restart", [environment, service]) => Some(Self::Wish(Wish::Restart {
                environment: decoded(environment)?,
                service: decoded(service)?,
            })),
            _ => None,
        }
    }
}

/// A part of a path without its percent signs; `None` where that is no text, or text
/// that cannot be shown in one line.
fn decoded(text: &str) -> Option<String> {
    // A form is read as one value, in which only `+` and `&` have another meaning.
    let safe = text.replace('+', "%2B").replace('&', "%26");
    let url = Url::parse(&format!("benchtop://x?value={safe}")).ok()?;
    let value = url.query_pairs().next()?.1.into_owned();
    (!value.chars().any(char::is_control)).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_a_view_is_the_address_of_the_page() {
        let view = |text: &str| Link::View(text.to_owned());
        assert_eq!(
            Link::parse("benchtop://e/ab12/logs?service=api&level=warn"),
            view("#/e/ab12/logs?service=api&level=warn")
        );
        assert_eq!(
            Link::parse("benchtop://e/%2Fsrv%2Fshop/resources"),
            view("#/e/%2Fsrv%2Fshop/resources"),
            "the page decodes it"
        );
        assert_eq!(Link::parse("BENCHTOP://settings"), view("#/settings"));
    }

    #[test]
    fn what_acts_is_a_wish() {
        assert_eq!(
            Link::parse("benchtop://open?path=%2Fsrv%2Fmy%20shop"),
            Link::Wish(Wish::Open {
                path: "/srv/my shop".to_owned()
            })
        );
        assert_eq!(
            Link::parse("benchtop://stop/ab12"),
            Link::Wish(Wish::All {
                start: false,
                environment: "ab12".to_owned()
            })
        );
        assert_eq!(
            Link::parse("benchtop://restart/ab12/orders%20api"),
            Link::Wish(Wish::Restart {
                environment: "ab12".to_owned(),
                service: "orders api".to_owned(),
            })
        );
    }

    #[test]
    fn anything_else_only_brings_the_window_forward() {
        for text in [
            "benchtop://",
            "benchtop:",
            "benchtop://e",
            "benchtop://format/c",
            "benchtop://open?path=shop",
            "benchtop://open",
            "benchtop://stop/a/b",
            "benchtop://restart/ab12/a%0Ab",
            "https://example.com/e/ab12",
            &format!("benchtop://e/{}", "x".repeat(5_000)),
        ] {
            assert_eq!(Link::parse(text), Link::Window, "{text}");
        }
    }

    #[test]
    fn a_path_is_no_link() {
        assert!(Link::is_meant("benchtop://e/ab12"));
        assert!(!Link::is_meant("benchtop.yaml"));
        assert!(!Link::is_meant("/srv/benchtop:shop"));
        assert!(!Link::is_meant("bé"));
    }
}
