//! Lines of text whose level is no word: klog's letter, Redis' sign, syslog's number, the
//! status of an access log; and the lines by which PostgreSQL goes on with the one before.

use super::Severity;
use super::json::numbered_level;
use crate::level::Level;

/// The level, where the line has one of these forms.
pub(super) fn severity(text: &str) -> Option<Severity> {
    let level = match text.as_bytes().first()? {
        b'I' | b'W' | b'E' | b'F' => klog(text.as_bytes()),
        b'<' => syslog(text),
        b'0'..=b'9' => redis(text),
        _ => None,
    };
    if let Some(level) = level {
        return Some(Severity::Named(level));
    }
    if is_rest_of_postgres(text) {
        return Some(Severity::Continued(Level::Info));
    }
    Access::read(text).map(|access| Severity::Named(access.level()))
}

/// `I1122 07:00:00.000000       1 main.go:12] started`
fn klog(text: &[u8]) -> Option<Level> {
    let form = b"L0000 00:00:00.";
    let fits = |(byte, form): (&u8, &u8)| match form {
        b'0' => byte.is_ascii_digit(),
        b'L' => true,
        other => byte == other,
    };
    let head = text.get(..form.len())?;
    head.iter().zip(form).all(fits).then(|| match head[0] {
        b'I' => Level::Info,
        b'W' => Level::Warn,
        b'E' => Level::Error,
        _ => Level::Fatal,
    })
}

/// `<11>1 2026-11-22T07:00:00Z host …` and the older form: facility times eight and level.
fn syslog(text: &str) -> Option<Level> {
    let (number, rest) = text.strip_prefix('<')?.split_once('>')?;
    let is_number = (1..=3).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    let number: i64 = number.parse().ok().filter(|_| is_number)?;
    let goes_on = rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    (number < 192 && goes_on).then(|| numbered_level(number % 8))?
}

/// `1:M 22 Nov 2026 07:00:00.000 * Ready to accept connections tcp`
fn redis(text: &str) -> Option<Level> {
    let (pid, rest) = text.split_once(':')?;
    if pid.len() > 7 || !pid.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // Who speaks: master, replica, sentinel, a child that saves.
    let rest = rest.strip_prefix(['M', 'S', 'C', 'X'])?.strip_prefix(' ')?;
    let mut words = rest.splitn(6, ' ');
    let time = words.nth(3)?;
    if time.len() != 12 || time.as_bytes()[2] != b':' {
        return None;
    }
    match words.next()? {
        "." => Some(Level::Debug),
        "-" | "*" => Some(Level::Info),
        "#" => Some(Level::Warn),
        _ => None,
    }
}

/// `2026-11-22 07:00:00.000 UTC [71] DETAIL:  Key (id)=(1) already exists.`
fn is_rest_of_postgres(text: &str) -> bool {
    let head = super::cut(text, 96);
    let Some(at) = head.find(":  ") else {
        return false;
    };
    let word = head[..at].rsplit(' ').next().unwrap_or_default();
    let is_rest = matches!(
        word,
        "DETAIL" | "HINT" | "STATEMENT" | "CONTEXT" | "QUERY" | "LOCATION"
    );
    is_rest && head.starts_with(|c: char| c.is_ascii_digit())
}

/// One request, as nginx, Apache and many others write it down.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Access<'a> {
    /// All that stands before the request.
    before: &'a str,
    method: &'a str,
    path: &'a str,
    status: &'a str,
    bytes: Option<&'a str>,
}

impl<'a> Access<'a> {
    /// `10.0.0.7 - - [22/Nov/2026:07:00:00 +0000] "GET /orders HTTP/1.1" 503 12 …`
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let version = memchr::memmem::find(text.as_bytes(), b" HTTP/")?;
        let begin = text[..version].rfind('"')?;
        let (method, path) = text[begin + 1..version].split_once(' ')?;
        let is_method =
            (3..=8).contains(&method.len()) && method.bytes().all(|b| b.is_ascii_uppercase());
        let rest = &text[version + 1..];
        let mut after = rest[rest.find('"')? + 1..].split_whitespace();
        let status = after.next()?;
        let is_status = status.len() == 3 && status.bytes().all(|b| b.is_ascii_digit());
        let is_number = |word: &&str| word.bytes().all(|b| b.is_ascii_digit());
        (is_method && is_status).then(|| Self {
            before: &text[..begin],
            method,
            path,
            status,
            bytes: after.next().filter(is_number),
        })
    }

    /// What stands before it names the level, or the status is it.
    fn level(&self) -> Level {
        Level::detect(self.before).unwrap_or(match self.status.as_bytes()[0] {
            b'5' => Level::Error,
            b'4' => Level::Warn,
            _ => Level::Info,
        })
    }

    pub(super) fn each_field(&self, take: &mut dyn FnMut(&str, &str)) {
        let client = self.before.split(' ').next().unwrap_or_default();
        let is_address = |c: char| c.is_ascii_hexdigit() || c == '.' || c == ':';
        if client.contains(['.', ':']) && client.chars().all(is_address) {
            take("client", client);
        }
        take("method", self.method);
        take("path", self.path);
        take("status", self.status);
        if let Some(bytes) = self.bytes {
            take("bytes", bytes);
        }
    }
}
