//! What the body of an answer must say: a value in its JSON, or the text itself.

use super::{Finding, first_line, shorten};
use benchtop_model::probe::{BodyRule, Verdict};
use serde_json::Value;

pub(super) fn judge(rule: &BodyRule, body: &[u8]) -> Finding {
    let (what, found) = match &rule.path {
        None => ("the body", String::from_utf8_lossy(body).trim().to_owned()),
        Some(path) => match value(body, path) {
            Ok(found) => (path.as_str(), found),
            Err(trouble) => return Finding::fail(trouble),
        },
    };
    let shown = shorten(first_line(&found));
    let wrong = match (&rule.equals, &rule.contains) {
        (Some(equals), _) if found != *equals => Some(format!("not `{equals}`")),
        (_, Some(part)) if !found.contains(part) => Some(format!("without `{part}`")),
        _ => None,
    };
    let finding = match wrong {
        None => Finding::new(Verdict::Pass, format!("{what} is `{shown}`")),
        Some(wrong) => Finding::fail(format!("{what} is `{shown}`, {wrong}")),
    };
    finding.detail(what, shown)
}

/// The value at a path of keys and indexes, as text.
fn value(body: &[u8], path: &str) -> Result<String, String> {
    let json: Value = serde_json::from_slice(body)
        .map_err(|_| "the body is no JSON, or longer than 64 KiB".to_owned())?;
    let found = path.split('.').try_fold(&json, |inner, step| match inner {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        inner => inner.get(step),
    });
    match found {
        None => Err(format!("the body has no `{path}`")),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => Ok(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"status":"UP","checks":[{"name":"db","up":true},{"lag":3}]}"#;

    fn rule(path: &str, equals: Option<&str>, contains: Option<&str>) -> BodyRule {
        BodyRule {
            path: Some(path.to_owned()).filter(|path| !path.is_empty()),
            equals: equals.map(str::to_owned),
            contains: contains.map(str::to_owned),
        }
    }

    fn judge(rule: &BodyRule) -> (Verdict, String) {
        let finding = super::judge(rule, BODY);
        (finding.verdict, finding.text)
    }

    #[test]
    fn a_value_is_found_and_compared() {
        let up = super::judge(&rule("status", Some("UP"), None), BODY);
        assert_eq!(
            (up.verdict, up.text.as_str()),
            (Verdict::Pass, "status is `UP`")
        );
        assert_eq!(up.details["status"], "UP");
        assert_eq!(
            judge(&rule("checks.0.up", Some("true"), None)).0,
            Verdict::Pass
        );
        assert_eq!(
            judge(&rule("checks.1.lag", None, None)).0,
            Verdict::Pass,
            "it is there"
        );
        assert_eq!(
            judge(&rule("", None, Some("\"db\""))).0,
            Verdict::Pass,
            "the whole text"
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (rule, text) in [
            (
                rule("status", Some("DOWN"), None),
                "status is `UP`, not `DOWN`",
            ),
            (
                rule("checks.0.name", None, Some("queue")),
                "checks.0.name is `db`, without `queue`",
            ),
            (rule("checks.7", None, None), "the body has no `checks.7`"),
            (
                rule("status.x", Some("UP"), None),
                "the body has no `status.x`",
            ),
        ] {
            assert_eq!(judge(&rule), (Verdict::Fail, text.to_owned()));
        }
        let page = super::judge(&rule("status", None, None), b"<html>");
        assert_eq!(page.text, "the body is no JSON, or longer than 64 KiB");
    }
}
