//! The command line.

mod signals;

pub(crate) use signals::{Logs, Metrics, Telemetry, Traces};

use benchtop_api::model::time::Timestamp;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// Start, watch, test and repair a local test environment.
#[derive(Debug, Parser)]
#[command(name = "benchtop", version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the environment, and follow its log until Ctrl-C
    Up(Up),
    /// Stop everything, dependants first, and remove containers and network
    Down {
        #[command(flatten)]
        environment: Which,
        /// Keep the containers for the next start
        #[arg(long)]
        keep: bool,
    },
    /// Start services
    Start {
        #[command(flatten)]
        environment: Which,
        /// Start what they depend on, too
        #[arg(long)]
        with_dependencies: bool,
        /// Until the run ends, use the second port in place of the first, which
        /// the file fixes
        #[arg(long, value_name = "PORT=PORT", value_parser = ports)]
        use_port: Option<(u16, u16)>,
        #[arg(required = true)]
        services: Vec<String>,
    },
    /// Stop services, and nothing else
    Stop(Services),
    /// Restart services, and nothing else
    Restart(Services),
    /// Show how the environment file differs from what runs
    Changes {
        #[command(flatten)]
        environment: Which,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Restart what has changed in the environment file, start what is new, stop what is gone
    Apply {
        #[command(flatten)]
        environment: Which,
    },
    /// Build services anew, and replace what runs by the result
    Rebuild(Services),
    /// Show the state of the environment
    Status {
        #[command(flatten)]
        environment: Which,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say why services are not as they should be, and what to do
    Why {
        #[command(flatten)]
        environment: Which,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Only these
        services: Vec<String>,
    },
    /// Show how services fared: availability, time to ready, what their probes answered
    Health {
        #[command(flatten)]
        environment: Which,
        /// Only this one
        service: Option<String>,
        /// The whole of this run, as `benchtop runs` names it [default: the last two hours]
        #[arg(long, value_name = "RUN")]
        run: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what is wrong and what was, once for each cause; silence a service
    Alerts(Alerts),
    /// Show the log, merged or of some services
    Logs(Logs),
    /// Show what requests did across services, or one trace span by span
    Traces(Traces),
    /// Show what was measured: last values, and their course
    Metrics(Metrics),
    /// Where telemetry is received and sent on to, and a run's telemetry as a file
    Telemetry {
        #[command(flatten)]
        environment: Which,
        #[command(subcommand)]
        command: Telemetry,
    },
    /// Read the environment file and report what is wrong with it
    Check {
        #[command(flatten)]
        environment: Which,
        /// Print JSON, with the resolved plan
        #[arg(long)]
        json: bool,
    },
    /// Examine this machine: can it run the environment, and what to do where it cannot
    Doctor(Doctor),
    /// Write one archive for a ticket: doctor, definition, states, logs; secrets masked
    Report(Report),
    /// Make an environment file of what another tool runs
    Import {
        #[command(subcommand)]
        source: Import,
    },
    /// List the runs of this environment or of all, compare two, say something of one
    Runs {
        #[command(flatten)]
        list: RunsList,
        #[command(subcommand)]
        command: Option<Runs>,
    },
    /// Lists of steps to run against the environment: checks, commands, load
    Scenario {
        #[command(flatten)]
        environment: Which,
        #[command(subcommand)]
        command: Scenario,
    },
    /// The container runtimes of this machine, and which of them is used
    Runtime {
        #[command(subcommand)]
        command: Runtime,
    },
    /// The background process that supervises
    Engine {
        #[command(subcommand)]
        command: Engine,
    },
    /// What Benchtop keeps on this machine
    Data {
        #[command(subcommand)]
        command: Data,
    },
    /// Ask whether there is a newer release; nothing is downloaded
    Updates {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print what makes a shell complete the words of this program
    Completions { shell: clap_complete::Shell },
    /// Write the manual pages into a folder
    #[command(hide = true)]
    Manual { folder: PathBuf },
    #[command(hide = true)]
    Shim { dir: PathBuf },
    /// One of the sample's services
    #[command(hide = true)]
    Sample { role: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Scenario {
    /// List the scenarios of the environment file, and how each went last
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Run one to its end; Ctrl-C cancels it, and cleanup steps still run
    Run(ScenarioRun),
    /// End the one that goes on; asked a second time, its cleanup as well
    Cancel,
    /// List what was run, newest first
    History {
        /// Only this one
        scenario: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// At most so many
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ScenarioRun {
    /// Its name
    pub(crate) name: String,
    /// Print the report as JSON, and nothing else
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the report as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Replace the usual value of a variable
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
    pub(crate) set: Vec<(String, String)>,
}

/// `NAME=VALUE`.
fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

/// Which environment is meant.
#[derive(Clone, Debug, Args)]
pub(crate) struct Which {
    /// Environment file or project folder [default: this folder]
    #[arg(short, long, value_name = "FILE", global = true)]
    pub(crate) file: Option<PathBuf>,
    /// The built-in sample
    #[arg(long, conflicts_with = "file", global = true)]
    pub(crate) sample: bool,
    /// Switch a profile on
    #[arg(long = "profile", value_name = "NAME", global = true)]
    pub(crate) profiles: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) environment: Which,
    /// Only these, and what they depend on
    pub(crate) services: Vec<String>,
    /// Return once every service is Healthy or Completed, or has failed
    #[arg(long)]
    pub(crate) wait: bool,
    /// Return at once, or after --wait, and leave everything running
    #[arg(short, long)]
    pub(crate) detach: bool,
    /// From now on apply changes of the environment file at once
    #[arg(long)]
    pub(crate) watch: bool,
    /// Give up waiting after so long, such as 90s or 5m
    #[arg(long, value_parser = parse_duration, default_value = "10m")]
    pub(crate) timeout: Duration,
    /// Print the final state as JSON, and nothing else
    #[arg(long)]
    pub(crate) json: bool,
    /// Use this container runtime for the environment, now and later; `auto`
    /// for the first that answers
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) runtime: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) environment: Which,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Remove what nobody owns any more, all of it or these; asks first
    #[arg(long, value_name = "ID", num_args = 0..)]
    pub(crate) clean: Option<Vec<String>>,
    /// Do not ask
    #[arg(short, long, requires = "clean")]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(flatten)]
    pub(crate) environment: Which,
    /// Write it here [default: benchtop-report-NAME-TIME.tar.gz in this folder]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Replace the file that is there
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Only list what it would hold
    #[arg(long)]
    pub(crate) list: bool,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Services {
    #[command(flatten)]
    pub(crate) environment: Which,
    #[arg(required = true)]
    pub(crate) services: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RunsList {
    #[command(flatten)]
    pub(crate) environment: Which,
    /// Of every environment
    #[arg(long)]
    pub(crate) all: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// At most so many
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: u32,
    /// Only those with this text in their label, note, tags, commit or number
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
}

/// A run is named by its number or its begin, its label, `latest`, or `latest~1` for the
/// one before.
#[derive(Debug, Subcommand)]
pub(crate) enum Runs {
    /// What differs between two runs: slower, failing, new errors
    Compare {
        /// The run to compare with
        #[arg(default_value = "latest~1")]
        a: String,
        /// The run in question
        #[arg(default_value = "latest")]
        b: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Exit with 1 where something got worse
        #[arg(long)]
        fail_on_worse: bool,
    },
    /// One run with its starts and its changes of state
    Show {
        /// Which run
        #[arg(default_value = "latest")]
        run: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a run with all that is known of it into one file, secrets masked
    Export {
        /// Which run
        #[arg(default_value = "latest")]
        run: String,
        /// The file; `NAME-RUN.benchtop-run` in the present folder where it is absent
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Replace the file where it exists
        #[arg(long)]
        overwrite: bool,
    },
    /// Make a run of this environment of such a file
    Import {
        /// The file
        path: PathBuf,
    },
    /// Say something of a run: a label, a note, tags; keep it whatever the retention says
    Label(RunLabel),
}

#[derive(Debug, Args)]
pub(crate) struct RunLabel {
    /// Which run
    #[arg(default_value = "latest")]
    pub(crate) run: String,
    /// A name for it; an empty one takes it away
    #[arg(long)]
    pub(crate) label: Option<String>,
    /// A text for whoever looks at it later
    #[arg(long)]
    pub(crate) note: Option<String>,
    /// Add a word to find it by
    #[arg(long = "tag")]
    pub(crate) tags: Vec<String>,
    /// Take such a word away
    #[arg(long = "untag", value_name = "TAG")]
    pub(crate) untags: Vec<String>,
    /// Keep it
    #[arg(long, conflicts_with = "unpin")]
    pub(crate) pin: bool,
    /// Let it go with the others
    #[arg(long)]
    pub(crate) unpin: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Alerts {
    #[command(flatten)]
    pub(crate) environment: Which,
    /// Of this run, as `benchtop runs` names it [default: the last]
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Option<AlertsCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AlertsCommand {
    /// Raise no alerts for a service, until this is taken back
    Silence {
        service: String,
        /// Only for so long: 1h, 30m
        #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
        length: Option<Duration>,
        /// Only until the run ends
        #[arg(long, conflicts_with = "length")]
        run: bool,
    },
    /// Raise alerts for a service again
    Unsilence { service: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Runtime {
    /// List them, with what to do where one does not answer
    List {
        #[command(flatten)]
        environment: Which,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Choose one: for the environment of --file, else for all that have no
    /// choice of their own
    Use {
        #[command(flatten)]
        environment: Which,
        /// Such as unix:///run/podman/podman.sock, or `auto` for the first that answers
        address: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// The aspire-manifest.json of a .NET Aspire application
    Aspire(ImportFile),
    /// A Compose file, with its overrides and all that it includes and extends
    Compose(ImportFile),
}

#[derive(Debug, Args)]
pub(crate) struct ImportFile {
    /// The file to read
    pub(crate) source: PathBuf,
    /// Write the result here [default: print it]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Replace the file that is there
    #[arg(long, requires = "output")]
    pub(crate) overwrite: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Data {
    /// Print the folder
    Path,
    /// Print how much it is
    Size {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove all runs, telemetry and settings; refuses while something runs
    Clear {
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Engine {
    /// Be the engine; faces do this on demand
    Run,
    /// Show whether it runs
    Status,
    /// End it, after stopping every service
    Stop {
        /// Leave the services running, for the next engine to take over
        #[arg(long)]
        leave_running: bool,
    },
}

/// `90s`, `5m`, `500ms`, `1h`; a bare number means seconds.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: u64 = number
        .parse()
        .map_err(|_| format!("`{text}` is no duration; write 90s or 5m"))?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "" | "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number * 60)),
        "h" => Ok(Duration::from_secs(number * 3600)),
        _ => Err(format!("`{unit}` is no unit; write ms, s, m or h")),
    }
}

/// A length of time before now, or a moment.
fn parse_moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp(moment.as_millisecond()));
    }
    let ago = parse_duration(text).map_err(|_| {
        format!("`{text}` is no time; write 10m for ten minutes ago, or 2026-11-22T07:00:00Z")
    })?;
    let now = jiff::Timestamp::now().as_millisecond();
    let ago = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
    Ok(Timestamp(now.saturating_sub(ago)))
}

fn parse_length(text: &str) -> Result<u64, String> {
    benchtop_api::telemetry::spans::nanoseconds(text)
        .ok_or_else(|| format!("`{text}` is no length of time; write 100ms or 1.5s"))
}

fn parse_level(text: &str) -> Result<benchtop_api::telemetry::level::Level, String> {
    benchtop_api::telemetry::level::Level::from_word(text)
        .ok_or_else(|| "write trace, debug, info, warn, error or fatal".to_owned())
}

/// `5432=5433`.
fn ports(text: &str) -> Result<(u16, u16), String> {
    let split = text.split_once('=');
    let port = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port > 0);
    split
        .and_then(|(from, to)| Some((port(from)?, port(to)?)))
        .ok_or_else(|| "expected something like 5432=5433".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_time_is_a_moment_or_so_long_ago() {
        assert_eq!(
            parse_moment("2026-11-22T07:00:00.5Z"),
            Ok(Timestamp(1_795_330_800_500))
        );
        let hour_ago = parse_moment("1h").expect("a time");
        assert!(hour_ago < parse_moment("0s").expect("now"));
        assert!(parse_moment("yesterday").is_err());
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(parse_duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("5m"), Ok(Duration::from_secs(300)));
        assert!(parse_duration("soon").is_err());
        assert!(parse_duration("5 fortnights").is_err());
    }
}
