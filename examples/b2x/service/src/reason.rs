//! Why something failed, as one line for a log or a health report.

/// The message of `error` and of all its causes. Many libraries print their cause
/// within their own message; what was said already is not said twice.
pub(crate) fn reason(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let message = cause.to_string();
        if line.is_empty() {
            line = message;
        } else if !line.contains(&message) {
            line = format!("{line}: {message}");
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn causes_follow_each_other() {
        let error = anyhow!("refused").context("connect").context("postgres");
        assert_eq!(reason(&error), "postgres: connect: refused");
    }

    #[test]
    fn a_cause_that_was_said_already_is_left_out() {
        let error = anyhow!("refused").context("connect: refused");
        assert_eq!(reason(&error), "connect: refused");
    }
}
