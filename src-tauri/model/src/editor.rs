//! Which command opens a file at a line in the user's editor. An editor that needs a
//! terminal is of no use to an engine, which has none.

use std::collections::BTreeMap;

/// How an editor is told the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// `code -g FILE:LINE`
    Goto,
    /// `zed FILE:LINE`
    Colon,
    /// `idea --line LINE FILE`
    LineOption,
    /// `kate -l LINE FILE`
    ShortOption,
    /// `gedit +LINE FILE`
    Plus,
}

/// Editors with a window of their own, in the order in which they are looked for.
const KNOWN: [(&str, Style); 23] = [
    ("code", Style::Goto),
    ("code-insiders", Style::Goto),
    ("codium", Style::Goto),
    ("cursor", Style::Goto),
    ("windsurf", Style::Goto),
    ("zed", Style::Colon),
    ("zeditor", Style::Colon),
    ("subl", Style::Colon),
    ("sublime_text", Style::Colon),
    ("idea", Style::LineOption),
    ("rider", Style::LineOption),
    ("rustrover", Style::LineOption),
    ("webstorm", Style::LineOption),
    ("pycharm", Style::LineOption),
    ("goland", Style::LineOption),
    ("clion", Style::LineOption),
    ("phpstorm", Style::LineOption),
    ("kate", Style::ShortOption),
    ("gedit", Style::Plus),
    ("gnome-text-editor", Style::Plus),
    ("gvim", Style::Plus),
    ("mousepad", Style::ShortOption),
    ("emacsclient", Style::Plus),
];

/// The command as program and arguments; `None` where nothing is there that could open it.
///
/// `$VISUAL` and `$EDITOR` count where they name an editor with a window, then the first
/// known one that is installed, then the system's opener, which knows no lines.
#[must_use]
pub fn command(
    variables: &BTreeMap<String, String>,
    is_installed: impl Fn(&str) -> bool,
    file: &str,
    line: Option<u32>,
) -> Option<Vec<String>> {
    let chosen = ["VISUAL", "EDITOR"]
        .iter()
        .filter_map(|key| variables.get(*key));
    for words in chosen.filter_map(|text| shlex::split(text)) {
        if let Some(style) = words.first().and_then(|program| style_of(program)) {
            return Some([words, arguments(style, file, line)].concat());
        }
    }
    let known = KNOWN.iter().find(|(program, _)| is_installed(program));
    if let Some((program, style)) = known {
        return Some([vec![(*program).to_owned()], arguments(*style, file, line)].concat());
    }
    let opener = ["xdg-open", "open"]
        .into_iter()
        .find(|program| is_installed(program))?;
    Some(vec![opener.to_owned(), file.to_owned()])
}

fn style_of(program: &str) -> Option<Style> {
    let name = program.rsplit('/').next()?.trim_end_matches(".sh");
    KNOWN
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, style)| *style)
}

fn arguments(style: Style, file: &str, line: Option<u32>) -> Vec<String> {
    let file = file.to_owned();
    let Some(line) = line else { return vec![file] };
    match style {
        Style::Goto => vec!["-g".to_owned(), format!("{file}:{line}")],
        Style::Colon => vec![format!("{file}:{line}")],
        Style::LineOption => vec!["--line".to_owned(), line.to_string(), file],
        Style::ShortOption => vec!["-l".to_owned(), line.to_string(), file],
        Style::Plus => vec![format!("+{line}"), file],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opens(variables: &[(&str, &str)], installed: &[&str]) -> String {
        let variables = variables
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let command = command(
            &variables,
            |program| installed.contains(&program),
            "/p/a b.cs",
            Some(7),
        );
        command.map_or_else(|| "nothing".to_owned(), |words| words.join("|"))
    }

    #[test]
    fn the_users_editor_comes_first_where_it_has_a_window() {
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], &'a str);
        let table: [Case<'_>; 9] = [
            (
                &[("VISUAL", "code --wait")],
                &["code"],
                "code|--wait|-g|/p/a b.cs:7",
            ),
            (
                &[("EDITOR", "/opt/idea/bin/idea.sh")],
                &[],
                "/opt/idea/bin/idea.sh|--line|7|/p/a b.cs",
            ),
            (
                &[("VISUAL", "vim"), ("EDITOR", "zed")],
                &[],
                "zed|/p/a b.cs:7",
            ),
            (
                &[("EDITOR", "nano")],
                &["kate", "xdg-open"],
                "kate|-l|7|/p/a b.cs",
            ),
            (&[("EDITOR", "vim")], &["xdg-open"], "xdg-open|/p/a b.cs"),
            (&[], &["gedit", "codium"], "codium|-g|/p/a b.cs:7"),
            (&[], &["open"], "open|/p/a b.cs"),
            (&[("EDITOR", "code; rm -rf /")], &[], "nothing"),
            (&[], &[], "nothing"),
        ];
        for (variables, installed, expected) in table {
            assert_eq!(
                opens(variables, installed),
                expected,
                "{variables:?} {installed:?}"
            );
        }
    }

    #[test]
    fn without_a_line_the_file_alone_is_named() {
        let all = command(&BTreeMap::new(), |program| program == "code", "/p/a", None);
        assert_eq!(all, Some(vec!["code".to_owned(), "/p/a".to_owned()]));
    }
}
