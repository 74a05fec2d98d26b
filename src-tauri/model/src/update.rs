//! Which release is newer than this program. Pure: who asks, and whether the answer was
//! signed, is decided elsewhere.

use semver::Version;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the manifest of a channel says: its newest release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Release {
    /// A version as semver.org defines it, without a leading `v`.
    pub version: String,
    /// Where people read about it and find its packages; `https` only.
    pub page: String,
}

/// What a release is to who runs a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// One to tell of.
    Newer,
    /// The same, or an older one: a step back is never offered.
    None,
}

/// Compares a release with the version that runs. Who runs a finished version is not
/// offered an unfinished one (`1.3.0-rc.1`).
///
/// # Errors
///
/// One sentence, if the release cannot be what it claims to be.
pub fn offer(running: &str, release: &Release) -> Result<Offer, String> {
    let of = |version: &str| {
        let read = Version::parse(version);
        read.map_err(|error| format!("`{version}` is not a version: {error}"))
    };
    let (running, latest) = (of(running)?, of(&release.version)?);
    if !release.page.starts_with("https://") {
        return Err(format!("`{}` is not an https page", release.page));
    }
    let finished = latest.pre.is_empty() || !running.pre.is_empty();
    // Not `cmp`: that orders build numbers too, which say nothing about age.
    Ok(match latest.cmp_precedence(&running).is_gt() && finished {
        true => Offer::Newer,
        false => Offer::None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(running: &str, latest: &str) -> Result<Offer, String> {
        let release = Release {
            version: latest.to_owned(),
            page: "https://example.com/releases".to_owned(),
        };
        offer(running, &release)
    }

    #[test]
    fn only_what_is_newer_is_offered() {
        for (running, latest, wanted) in [
            ("0.1.0", "0.2.0", Offer::Newer),
            ("0.9.0", "0.10.0", Offer::Newer),
            ("0.2.0", "0.2.0", Offer::None),
            ("0.2.0", "0.1.9", Offer::None),
            ("0.2.0", "0.2.0+rebuilt.7", Offer::None),
            ("0.2.0", "0.3.0-rc.1", Offer::None),
            ("0.3.0-rc.1", "0.3.0-rc.2", Offer::Newer),
            ("0.3.0-rc.2", "0.3.0", Offer::Newer),
            ("0.3.0", "0.3.0-rc.2", Offer::None),
        ] {
            assert_eq!(offered(running, latest), Ok(wanted), "{running} {latest}");
        }
    }

    #[test]
    fn what_is_no_version_or_no_page_is_refused() {
        assert!(offered("0.1.0", "newest").is_err_and(|why| why.contains("`newest`")));
        assert!(offered("0.1.0", "").is_err());
        let release = Release {
            version: "9.0.0".to_owned(),
            page: "javascript:alert(1)".to_owned(),
        };
        assert!(offer("0.1.0", &release).is_err_and(|why| why.contains("https")));
    }
}
