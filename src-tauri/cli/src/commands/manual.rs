//! Completions for shells and manual pages, made from the command line itself, so that
//! they cannot say anything else than it does.

use crate::arguments::Arguments;
use crate::exit::{Code, Failure};
use clap::CommandFactory as _;
use clap_complete::Shell;
use std::path::Path;

/// Prints what makes a shell complete the words of this program.
pub(crate) fn completions(shell: Shell) -> Code {
    let mut command = Arguments::command();
    clap_complete::generate(shell, &mut command, "benchtop", &mut std::io::stdout());
    Code::Fine
}

/// Writes one page for each command into the folder: `benchtop-up.1` and so on.
pub(crate) fn pages(folder: &Path) -> Result<Code, Failure> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(Arguments::command().disable_help_subcommand(true), folder)?;
    Ok(Code::Fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_that_is_shown_has_a_page_and_a_completion() {
        let folder = std::env::temp_dir().join(format!("benchtop-man-{}", std::process::id()));
        pages(&folder).unwrap_or_else(|_| panic!("pages in {}", folder.display()));
        let mut bash = Vec::new();
        let mut command = Arguments::command();
        clap_complete::generate(Shell::Bash, &mut command, "benchtop", &mut bash);
        let bash = String::from_utf8(bash).expect("text");
        for command in Arguments::command().get_subcommands() {
            if command.is_hide_set() {
                continue;
            }
            let name = command.get_name();
            let page = folder.join(format!("benchtop-{name}.1"));
            let text = std::fs::read_to_string(&page).unwrap_or_default();
            assert!(text.contains(".SH NAME"), "{} is no page", page.display());
            assert!(bash.contains(name), "{name} is not completed");
        }
        std::fs::remove_dir_all(&folder).expect("the folder goes");
    }
}
