//! Another backend that a copy of all telemetry is sent to: its address, and the headers that
//! it wants to see.

use hyper::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName,
    HeaderValue, TRANSFER_ENCODING,
};

/// Headers of one destination.
const MOST_HEADERS: usize = 32;

/// Those that the protocol sets itself.
const OURS: [HeaderName; 6] = [
    CONNECTION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    HOST,
    TRANSFER_ENCODING,
];

/// A backend of OTLP/HTTP. The values of its headers are secrets: they are never shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    address: String,
    headers: HeaderMap,
}

impl Destination {
    /// An address such as `http://localhost:14318` or `https://otlp.example.com`, and headers,
    /// each as `name: value`.
    ///
    /// # Errors
    /// One sentence, where one of them is none.
    pub fn new<'a>(
        address: &str,
        headers: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, String> {
        let mut all = HeaderMap::new();
        for line in headers {
            let (name, value) = header(line)?;
            all.append(name, value);
            if all.len() > MOST_HEADERS {
                return Err(format!(
                    "there are more than {MOST_HEADERS} headers; send fewer"
                ));
            }
        }
        Ok(Self {
            address: checked(address)?,
            headers: all,
        })
    }

    /// From [`Self::to_setting`].
    ///
    /// # Errors
    /// One sentence, where it was not made by that.
    pub fn from_setting(setting: &str) -> Result<Self, String> {
        let mut lines = setting.lines();
        let address = lines.next().unwrap_or_default();
        Self::new(address, lines)
    }

    /// As one text: the address, and a line for each header.
    #[must_use]
    pub fn to_setting(&self) -> String {
        let mut text = self.address.clone();
        for (name, value) in &self.headers {
            // They were made from texts.
            let value = String::from_utf8_lossy(value.as_bytes());
            text.push_str(&format!("\n{name}: {value}"));
        }
        text
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn is_secure(&self) -> bool {
        self.address.starts_with("https:")
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(super) fn header_names(&self) -> Vec<String> {
        self.headers.keys().map(ToString::to_string).collect()
    }
}

/// The address as it is put before paths.
fn checked(address: &str) -> Result<String, String> {
    let wrong = || {
        format!("`{address}` is no address of a backend; write http://HOST:PORT or https://HOST")
    };
    let base = address.trim_end_matches('/').to_owned();
    let uri: hyper::Uri = base.parse().map_err(|_| wrong())?;
    let authority = uri.authority().ok_or_else(wrong)?.as_str();
    if authority.contains('@') {
        return Err("an address is shown, and has no password; write it into a header".to_owned());
    }
    let scheme = uri.scheme_str();
    let known = scheme == Some("http") || scheme == Some("https");
    if !known || uri.host().is_none_or(str::is_empty) || uri.query().is_some() {
        return Err(wrong());
    }
    Ok(base)
}

/// A line `name: value`; errors do not repeat it, for it may be a secret.
fn header(line: &str) -> Result<(HeaderName, HeaderValue), String> {
    let wrong = || "a header is not understood; write it as `name: value`".to_owned();
    let (name, value) = line.split_once(':').ok_or_else(wrong)?;
    let name: HeaderName = name.trim().parse().map_err(|_| wrong())?;
    let mut value = HeaderValue::from_str(value.trim()).map_err(|_| wrong())?;
    if OURS.contains(&name) {
        return Err(format!(
            "the header `{name}` is set by the protocol; leave it out"
        ));
    }
    value.set_sensitive(true);
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_headers_are_checked() {
        for good in [
            "http://localhost:14318",
            "https://otlp.example.com/path/",
            "http://[::1]:1",
        ] {
            let found = Destination::new(good, []).expect(good);
            assert_eq!(found.address(), good.trim_end_matches('/'));
        }
        for wrong in [
            "",
            "localhost:4318",
            "ftp://x",
            "http://",
            "https://me:pw@x",
            "http://x?a=b",
        ] {
            assert!(Destination::new(wrong, []).is_err(), "{wrong}");
        }
        for wrong in [
            "x",
            "a b: c",
            ": c",
            "x: a\u{7}b",
            "Host: x",
            "content-type: y",
        ] {
            let error = Destination::new("http://x", [wrong]).expect_err(wrong);
            assert!(error.contains("header"), "{error}");
        }
        let many = vec!["a: b"; MOST_HEADERS + 1];
        assert!(Destination::new("http://x", many).is_err());
    }

    #[test]
    fn a_setting_is_read_as_it_was_written_and_nothing_shows_a_value() {
        let lines = [
            "authorization: Bearer a:b=c",
            "x-team:  blue ",
            "x-team: red",
        ];
        let made = Destination::new("https://x:4318", lines).expect("right");
        let again = Destination::from_setting(&made.to_setting()).expect("right");
        assert_eq!(again, made);
        assert_eq!(made.header_names(), ["authorization", "x-team"]);
        assert_eq!(made.headers().get("x-team").expect("there"), "blue");
        let shown = format!("{made:?}");
        assert!(
            !shown.contains("Bearer") && !shown.contains("blue"),
            "{shown}"
        );
        let plain = Destination::from_setting("http://localhost:1").expect("right");
        assert_eq!(plain.header_names(), Vec::<String>::new());
        assert!(Destination::from_setting("").is_err());
    }
}
