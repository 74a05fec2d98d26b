//! Failures of what was asked for outside of the page: by a command line, the
//! tray or a notification. There may be no page to tell of them, so they get a
//! dialog of their own.

use benchtop_api::schema::ApiError;
use tauri::AppHandle;
use tauri_plugin_dialog::{DialogExt as _, MessageDialogKind};

/// More than these make a dialog too tall for a small screen.
const MOST_PROBLEMS: usize = 8;

/// Tells the user that something could not be done.
pub(crate) fn show(app: &AppHandle, title: &str, error: &ApiError) {
    let text = text(error);
    tracing::warn!("{title}: {text}");
    let dialog = app.dialog().message(text).title(title);
    dialog.kind(MessageDialogKind::Error).show(|_| {});
}

/// What is wrong, where, and what to do about it.
fn text(error: &ApiError) -> String {
    if error.problems.is_empty() {
        let hint = error.hint.as_ref();
        return hint.map_or_else(
            || error.message.clone(),
            |hint| format!("{}\n{hint}", error.message),
        );
    }
    let shown = error.problems.iter().take(MOST_PROBLEMS);
    let mut text = shown
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    if let more @ 1.. = error.problems.len().saturating_sub(MOST_PROBLEMS) {
        text += &format!("\nand {more} more");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use benchtop_api::model::problem::{Place, Problem};

    fn definition(count: u32) -> ApiError {
        let problem = |line| {
            let place = Place {
                file: "benchtop.yaml".into(),
                line,
                column: 5,
            };
            Problem::error(&place, "unknown key `proces`").hint("did you mean `process`?")
        };
        ApiError {
            problems: (1..=count).map(problem).collect(),
            ..ApiError::internal("the file has errors")
        }
    }

    #[test]
    fn a_broken_file_is_told_with_line_and_hint() {
        assert_eq!(
            text(&definition(1)),
            "benchtop.yaml:1:5: error: unknown key `proces`\n  hint: did you mean `process`?"
        );
        assert!(text(&definition(10)).ends_with("\nand 2 more"));
    }

    #[test]
    fn any_other_failure_is_told_with_its_hint() {
        assert_eq!(
            text(&ApiError::internal("no room left")),
            "no room left",
            "nothing is added where there is no hint"
        );
        let advised = ApiError {
            hint: Some("make room".to_owned()),
            ..ApiError::internal("no room left")
        };
        assert_eq!(text(&advised), "no room left\nmake room");
    }
}
