// Made from src-tauri/api/src/schema.rs by `cargo xtask bindings`. Do not edit.

export type Action = { "type": "show_line", 
/**
 * Its number.
 */
seq: number, } | { "type": "start", 
/**
 * Its name.
 */
service: string, } | { "type": "restart", 
/**
 * Its name.
 */
service: string, } | { "type": "rebuild", 
/**
 * Its name.
 */
service: string, } | { "type": "pull_image", 
/**
 * The service.
 */
service: string, 
/**
 * The image.
 */
image: string, } | { "type": "free_port", 
/**
 * The port.
 */
port: number, 
/**
 * The program's process id.
 */
pid: number, 
/**
 * The program's name.
 */
program: string, } | { "type": "use_port", 
/**
 * Whose endpoint it is.
 */
service: string, 
/**
 * The port that is taken.
 */
port: number, 
/**
 * The one that is free.
 */
instead: number, } | { "type": "open_file", 
/**
 * As the program named it.
 */
file: string, 
/**
 * 1-based.
 */
line: number, } | { "type": "copy", 
/**
 * The command.
 */
command: string, };
export type Alert = { 
/**
 * The run it was raised in.
 */
run: string, 
/**
 * Counts up within the run, from 1.
 */
number: number, 
/**
 * The service where it began.
 */
service: string, 
/**
 * The last status of trouble that it had: Degraded or Unhealthy.
 */
status: Status, 
/**
 * Why, one sentence without a full stop.
 */
cause: string, 
/**
 * What to do, one sentence, where that is known.
 */
next: string | null, 
/**
 * Services that are, or were, in trouble or kept waiting because of it.
 */
affected: Array<string>, 
/**
 * When the trouble began.
 */
since: Timestamp, 
/**
 * When it was over; absent while it lasts.
 */
closed: Timestamp | null, 
/**
 * How it ended.
 */
ending: Ending | null, 
/**
 * So many times it came, each soon after the recovery before.
 */
times: number, };
export type AlertList = { 
/**
 * Which run; absent where there was none yet.
 */
run: string | null, 
/**
 * Open ones first, then closed ones; of each the newest first.
 */
alerts: Array<Alert>, 
/**
 * The silences that are in force, by service.
 */
silences: Array<Silence>, };
export type AlertNews = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * The environment's name.
 */
name: string, 
/**
 * What has happened.
 */
news: AlertNewsKind, 
/**
 * The alert as it is now.
 */
alert: Alert, 
/**
 * Nobody wants to hear of its service.
 */
silenced: boolean, };
export type AlertNewsKind = "raised" | "moved" | "closed" | "withdrawn";
export type AlertsListRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Which run; absent: the current one, or the last.
 */
run?: string | null, };
export type AlertsSilenceRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Name of the service.
 */
service: string, 
/**
 * For how long.
 */
length: SilenceLength, };
export type Annotation = { 
/**
 * A name for it: `before the upgrade`.
 */
label: string | null, 
/**
 * A text for whoever looks at it later.
 */
note: string | null, 
/**
 * Words to find it by.
 */
tags: Array<string>, 
/**
 * It is kept, whatever the retention says.
 */
pinned: boolean, };
export type AnswerSpan = { 
/**
 * What they mean.
 */
verdict: Verdict, 
/**
 * What each of them said.
 */
text: string, 
/**
 * When the first of them came.
 */
from: Timestamp, 
/**
 * How long the last of them counted: until the next answer, where one followed in time.
 */
to: Timestamp, 
/**
 * How many they are.
 */
count: number, 
/**
 * Mean latency in microseconds.
 */
mean_us: number, 
/**
 * The slowest, in microseconds.
 */
max_us: number, };
export type ApiError = { 
/**
 * What kind of failure.
 */
code: ErrorCode, 
/**
 * One sentence for people, without a full stop.
 */
message: string, 
/**
 * What to do next, where there is something to say.
 */
hint: string | null, 
/**
 * For [`ErrorCode::Definition`]: every finding in the file.
 */
problems: Array<Problem>, };
export type BuildView = { 
/**
 * When it began.
 */
started: Timestamp, 
/**
 * When it ended; absent while it runs.
 */
ended: Timestamp | null, 
/**
 * Whether it succeeded; absent while it runs, and where it was called off.
 */
ok: boolean | null, 
/**
 * What became of it; its last lines where it failed.
 */
text: string | null, };
export type ChangeAction = "start" | "stop" | "restart" | "recreate" | "none";
export type ChangeKind = "added" | "removed" | "changed";
export type CheckReport = { 
/**
 * The file that was read.
 */
file: string, 
/**
 * Every finding, in the order of the file.
 */
problems: Array<Problem>, 
/**
 * The resolved plan with secrets masked, absent where there are errors.
 */
plan: unknown, 
/**
 * Service names in an order in which each comes after what it waits for.
 */
start_order: Array<string>, 
/**
 * The plan for people, in the same order; empty where there are errors.
 */
summary: Array<PlannedService>, };
export type Condition = "started" | "healthy" | "completed_successfully";
export type CriterionReport = { 
/**
 * As written.
 */
expression: string, 
/**
 * Whether it held.
 */
passed: boolean, 
/**
 * The values in it, or why it could not be decided.
 */
text: string, };
export type Curve = { 
/**
 * What it is: `lag`.
 */
name: string, 
/**
 * In order of time, each for the same number of numbers but for the last.
 */
points: Array<CurvePoint>, };
export type CurvePoint = { 
/**
 * Since the step began.
 */
at: Millis, 
/**
 * The number; where several points became one, the greatest.
 */
value: number, };
export type DefinitionChanges = { 
/**
 * One entry for each service that differs, in the order of the names.
 */
changes: Array<ServiceChange>, 
/**
 * Findings in the file on disk; with an error among them there are no
 * changes, and what runs stays as it is.
 */
problems: Array<Problem>, };
export type DefinitionImportRequest = { 
/**
 * The manifest or the Compose file, absolute.
 */
path: string, 
/**
 * Where to write the result, absolute; absent: it is only returned.
 */
output: string | null, 
/**
 * Replace what is there; otherwise that is an error.
 */
overwrite: boolean, };
export type Diagnosis = { 
/**
 * The service.
 */
service: string, 
/**
 * What a person sees of it.
 */
status: Status, 
/**
 * The rule that recognised the cause; absent where only the facts are repeated.
 */
rule: string | null, 
/**
 * Why, one sentence without a full stop.
 */
sentence: string, 
/**
 * What to do, one sentence without a full stop.
 */
next: string | null, 
/**
 * The service where it began, where that is another one.
 */
root: string | null, 
/**
 * The way to it: this service first, the root last. Empty where it began here.
 */
chain: Array<string>, 
/**
 * What the sentence rests upon.
 */
evidence: Array<Proof>, 
/**
 * Next steps that can be one click.
 */
actions: Array<Action>, };
export type DiagnosisReport = { 
/**
 * One for each service that is Unhealthy, Degraded or kept waiting; those where
 * the trouble began come first.
 */
diagnoses: Array<Diagnosis>, 
/**
 * Findings in the project's own list of rules.
 */
problems: Array<Problem>, };
export type Difference = { 
/**
 * What kind of difference.
 */
kind: DifferenceKind, 
/**
 * Which way it points.
 */
tone: Tone, 
/**
 * The service; absent where the run as a whole is meant.
 */
service: string | null, 
/**
 * One sentence, without a full stop.
 */
text: string, };
export type DifferenceKind = "failure" | "readiness" | "new_error" | "restarts" | "time_to_ready" | "latency" | "route" | "scenario" | "resources" | "membership" | "definition" | "commit";
export type DoctorAction = { "type": "remove_leftovers", 
/**
 * What, each with its identity for `doctor.clean`.
 */
items: Array<Leftover>, } | { "type": "free_port", 
/**
 * The port.
 */
port: number, 
/**
 * The program's process id.
 */
pid: number, 
/**
 * The program's name.
 */
program: string, } | { "type": "copy", 
/**
 * The command.
 */
command: string, };
export type DoctorCheck = { 
/**
 * Its stable name, such as `loopback-ipv6`.
 */
id: string, 
/**
 * Under which heading it is shown.
 */
group: DoctorGroup, 
/**
 * What was looked at, a few words.
 */
title: string, 
/**
 * How it is.
 */
state: DoctorState, 
/**
 * Why, one sentence without a full stop.
 */
reason: string, 
/**
 * What to do, one sentence without a full stop; present where the state is Warn or
 * Fail.
 */
fix: string | null, 
/**
 * What was found, as pairs of a name and a value.
 */
details: Array<[string, string]>, 
/**
 * The fix as one click, where it can be one.
 */
action: DoctorAction | null, };
export type DoctorCleanRequest = { 
/**
 * Identities as the check `leftovers` names them.
 */
items: Array<string>, };
export type DoctorCleaned = { 
/**
 * Identities of those that are gone.
 */
removed: Array<string>, 
/**
 * Those that are not, each with the reason.
 */
kept: Array<KeptLeftover>, };
export type DoctorGroup = "runtime" | "machine" | "network" | "environment" | "leftovers" | "benchtop";
export type DoctorMetrics = { 
/**
 * Nothing to do.
 */
passed: number, 
/**
 * Works, and may not work tomorrow, or not for everything.
 */
warned: number, 
/**
 * Does not work.
 */
failed: number, 
/**
 * Could not be looked at, or does not apply.
 */
skipped: number, };
export type DoctorReport = { 
/**
 * The worst of all checks.
 */
status: DoctorState, 
/**
 * How many checks have which state.
 */
metrics: DoctorMetrics, 
/**
 * In the order of the groups.
 */
checks: Array<DoctorCheck>, 
/**
 * How long the examination took.
 */
took: Millis, 
/**
 * When it ended.
 */
at: Timestamp, };
export type DoctorRunRequest = { 
/**
 * With what this environment needs; absent: the machine alone.
 */
environment: string | null, };
export type DoctorState = "skipped" | "pass" | "warn" | "fail";
export type Dropped = { 
/**
 * Named values.
 */
attributes: number, 
/**
 * Events.
 */
events: number, 
/**
 * Links.
 */
links: number, };
export type Empty = Record<symbol, never>;
export type Ending = "recovered" | "stopped" | "run_ended";
export type EndpointView = { 
/**
 * Its name.
 */
name: string, 
/**
 * `http://localhost:5001`; a browser can open those with http(s).
 */
url: string, 
/**
 * Host part.
 */
host: string, 
/**
 * Port part.
 */
port: number, };
export type EngineInfo = { 
/**
 * Version of the binary.
 */
version: string, 
/**
 * See [`crate::schema::PROTOCOL`].
 */
protocol: number, 
/**
 * Process id of the engine.
 */
pid: number, 
/**
 * When it was started.
 */
started: Timestamp, 
/**
 * Where it keeps its data.
 */
data_dir: string, };
export type EngineInfoRequest = Record<symbol, never>;
export type EngineStopRequest = { 
/**
 * Leave all services running, to be adopted by the next engine; otherwise
 * stop them first.
 */
leave_running: boolean, };
export type Environment = { 
/**
 * Its identity.
 */
id: string, 
/**
 * Its name.
 */
name: string, 
/**
 * Its folder.
 */
project_dir: string, 
/**
 * Its file.
 */
file: string, 
/**
 * Open in the engine; otherwise only remembered.
 */
open: boolean, 
/**
 * The built-in sample.
 */
sample: boolean, 
/**
 * The worst of its services; Stopped where it is only remembered.
 */
status: Status, 
/**
 * When it was last opened.
 */
last_opened: Timestamp, };
export type EnvironmentApplyRequest = { 
/**
 * The environment's identity.
 */
environment: string, };
export type EnvironmentChangesRequest = { 
/**
 * The environment's identity.
 */
environment: string, };
export type EnvironmentCheckRequest = { 
/**
 * As in [`EnvironmentOpenRequest`].
 */
path: string | null, 
/**
 * As in [`EnvironmentOpenRequest`].
 */
profiles: Array<string>, 
/**
 * As in [`EnvironmentOpenRequest`].
 */
variables: Record<string, string>, };
export type EnvironmentDiagnosisRequest = { 
/**
 * The environment's identity.
 */
environment: string, };
export type EnvironmentDownRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Remove the containers and the network too, as `docker compose down`
 * does; volumes stay. Absent: everything is kept for the next start.
 */
remove?: boolean, };
export type EnvironmentListRequest = Record<symbol, never>;
export type EnvironmentMetrics = { 
/**
 * All services.
 */
services: number, 
/**
 * How many are Healthy.
 */
healthy: number, 
/**
 * How many are Degraded.
 */
degraded: number, 
/**
 * How many are Unhealthy.
 */
unhealthy: number, 
/**
 * How many are Starting.
 */
starting: number, 
/**
 * How many are Stopped.
 */
stopped: number, 
/**
 * Starts after unexpected ends, in this run.
 */
restarts: number, 
/**
 * Sum over the services, in percent of one core.
 */
cpu: number, 
/**
 * Sum over the services, in bytes.
 */
memory: number, };
export type EnvironmentOpenRequest = { 
/**
 * A project folder or an environment file, absolute; absent for the
 * built-in sample.
 */
path: string | null, 
/**
 * Profiles to switch on.
 */
profiles: Array<string>, 
/**
 * Variables of the caller, for interpolation.
 */
variables: Record<string, string>, };
export type EnvironmentStatusRequest = { 
/**
 * The environment's identity.
 */
environment: string, };
export type EnvironmentUpRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Only these and what they depend on; all where it is empty.
 */
services: Array<string>, 
/**
 * From now on apply changes of the environment file at once; absent: as it
 * was before.
 */
watch?: boolean, };
export type EnvironmentView = { 
/**
 * The worst of all services.
 */
status: Status, 
/**
 * Counts and sums over the services.
 */
metrics: EnvironmentMetrics, 
/**
 * In the order of the file's names.
 */
services: Array<ServiceView>, 
/**
 * Its identity.
 */
id: string, 
/**
 * Its name.
 */
name: string, 
/**
 * Its folder.
 */
project_dir: string, 
/**
 * Its file.
 */
file: string, 
/**
 * The run that is going on.
 */
run: string | null, 
/**
 * When that run started.
 */
run_started: Timestamp | null, 
/**
 * The container runtime, where the environment needs one.
 */
runtime: RuntimeView | null, 
/**
 * Open alerts of which somebody wants to hear.
 */
alerts: number, 
/**
 * Nothing is on its way any more: every wanted service is Healthy,
 * Completed, or in trouble with a named cause.
 */
settled: boolean, 
/**
 * Nothing runs and nothing is wanted.
 */
idle: boolean, 
/**
 * Findings in the file as it lies on disk now.
 */
problems: Array<Problem>, 
/**
 * Services whose definition on disk differs from what runs.
 */
changed: Array<string>, 
/**
 * Changes of the environment file are applied at once.
 */
watching: boolean, };
export type ErrorCode = "definition" | "not_found" | "invalid" | "version" | "no_runtime" | "unavailable" | "internal";
export type Event = { "type": "changed", 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * What has changed.
 */
topics: Array<Topic>, } | { "type": "environments" } | { "type": "alert" } & AlertNews;
export type Excerpt = { 
/**
 * The line without its end, secrets masked; only the neighbourhood of the
 * place, with `…` at its sides, where the line is very long.
 */
line_text: string, 
/**
 * 1-based, in characters of `line_text`.
 */
column: number, 
/**
 * So many characters are meant, at least 1.
 */
length: number, };
export type Exemplar = { 
/**
 * When.
 */
at: Timestamp, 
/**
 * What was observed.
 */
value: number, 
/**
 * Its trace, 32 hexadecimal digits.
 */
trace_id: string, 
/**
 * Its span, 16 hexadecimal digits.
 */
span_id: string, };
export type Exit = { 
/**
 * The exit code, in the form 128 + n for death by signal n.
 */
code: number | null, 
/**
 * The signal that ended it, where it is known.
 */
signal: number | null, 
/**
 * The container runtime saw the out-of-memory killer at work.
 */
oom: boolean, 
/**
 * It did not end within the grace period and was killed by us.
 */
killed_after_grace: boolean, };
export type ExportFormat = "text" | "ndjson";
export type FieldChange = { 
/**
 * Where: `environment.LOG_LEVEL`, `run.container.image`.
 */
path: string, 
/**
 * What it was; absent where it is new. Secrets are masked.
 */
from: string | null, 
/**
 * What it is; absent where it is gone. Secrets are masked.
 */
to: string | null, };
export type FileOpenRequest = { 
/**
 * The environment's identity; absent where it could not be opened.
 */
environment: string | null, 
/**
 * Without an environment: the folder or the environment file that was to be opened.
 */
tried: string | null, 
/**
 * The file as a program named it; only files of the project are opened.
 */
path: string, 
/**
 * 1-based, where a line is meant.
 */
line: number | null, };
export type FindingKind = "orphan" | "cycle" | "duplicate" | "clock_skew" | "no_root" | "many_roots";
export type FlinkCancelRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Name of the service that is the job manager.
 */
service: string, 
/**
 * Number of the job.
 */
job: string, };
export type FlinkJob = { 
/**
 * Its number, 32 hexadecimal digits.
 */
id: string, 
/**
 * Its name.
 */
name: string, 
/**
 * In Flink's words: `RUNNING`, `RESTARTING`, `FAILED`.
 */
state: string, 
/**
 * When it was begun.
 */
started: Timestamp, 
/**
 * How long it runs or ran.
 */
duration: Millis, 
/**
 * Tasks that run.
 */
tasks_running: number, 
/**
 * All its tasks.
 */
tasks: number, 
/**
 * How often it was begun anew after something failed; absent where it was not asked
 * for, because the job is over or there are many.
 */
restarts: number | null, 
/**
 * What failed last, one sentence.
 */
cause: string | null, };
export type FlinkSubmitRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Name of the service that is the gateway.
 */
service: string, 
/**
 * The statements, with semicolons between them.
 */
sql: string, };
export type FlinkSubmitted = { 
/**
 * Statements that were executed.
 */
statements: number, 
/**
 * Numbers of the jobs that go on.
 */
jobs: Array<string>, 
/**
 * The last rows of queries, at most five.
 */
rows: Array<string>, };
export type FlinkView = { 
/**
 * The service that is the job manager; absent where none answers.
 */
job_manager: string | null, 
/**
 * The service that is the SQL gateway; absent where none answers.
 */
gateway: string | null, 
/**
 * The version of Flink.
 */
version: string | null, 
/**
 * Task managers that are there.
 */
task_managers: number, 
/**
 * Their slots.
 */
slots: number, 
/**
 * Those of them that are free.
 */
slots_free: number, 
/**
 * Those that run first, then the newest first.
 */
jobs: Array<FlinkJob>, 
/**
 * Jobs that are left out, because there are too many.
 */
omitted_jobs: number, };
export type FolderInspectRequest = { 
/**
 * The folder, absolute.
 */
path: string, };
export type FolderReport = { 
/**
 * The folder, absolute.
 */
path: string, 
/**
 * The file first that opens when the folder is opened.
 */
files: Array<FoundFile>, };
export type ForwardStatus = { 
/**
 * Its address.
 */
address: string, 
/**
 * Names of the headers that it is sent; their values are secrets.
 */
headers: Array<string>, 
/**
 * Requests that it has taken.
 */
sent: number, 
/**
 * Requests that it did not take, or for which there was no room.
 */
dropped: number, 
/**
 * Requests that wait for it.
 */
waiting: number, 
/**
 * Whether it did not take the last one, or does not answer.
 */
failing: boolean, 
/**
 * Why not, in one sentence.
 */
problem: string | null, };
export type FoundFile = { 
/**
 * Absolute path.
 */
path: string, 
/**
 * What it is.
 */
kind: FoundKind, 
/**
 * How many services it has, where that can be told.
 */
services: number | null, 
/**
 * How many errors were found in it.
 */
problems: number, };
export type FoundKind = "benchtop" | "compose" | "aspire";
export type GitRange = { 
/**
 * Commit of the first run.
 */
from: string, 
/**
 * Commit of the second.
 */
to: string, 
/**
 * `hash subject` of each that the second has and the first has not, newest first; at
 * most fifty. Empty where git does not know one of the two.
 */
commits: Array<string>, 
/**
 * There are more.
 */
more: boolean, };
export type Health = "Unknown" | "Healthy" | "Degraded" | "Unhealthy";
export type HealthHistory = { 
/**
 * The run that availability and time to ready are of; absent where there was none.
 */
run: string | null, 
/**
 * Begin of what is shown.
 */
from: Timestamp, 
/**
 * End of what is shown.
 */
to: Timestamp, 
/**
 * In the order of the names.
 */
services: Array<ServiceHistory>, };
export type Heatmap = { 
/**
 * Upper bounds of the rows, rising; above the last there is one more row.
 */
bounds: Array<number>, 
/**
 * For each bucket of time, a count for each row: one more than there are bounds.
 * Empty where the bucket has no observations.
 */
counts: Array<Array<number>>, };
export type HostFacts = { 
/**
 * The system with its version: `Debian GNU/Linux 12`.
 */
system: string, 
/**
 * Its kernel: `6.1.0-18-amd64`.
 */
kernel: string, 
/**
 * The architecture of its processors: `x86_64`.
 */
architecture: string, 
/**
 * Processors that Benchtop may use.
 */
cpus: number, 
/**
 * Memory, in bytes.
 */
memory: number, 
/**
 * The version of Benchtop.
 */
benchtop: string, };
export type ImportReport = { 
/**
 * The file that was written, absolute; absent where none was asked for.
 */
file: string | null, 
/**
 * The text of the environment file.
 */
text: string, 
/**
 * What has no meaning here or needs a look, each with its place in the source.
 */
notes: Array<Problem>, };
export type Instance = { 
/**
 * The run it belongs to.
 */
run: string, 
/**
 * Name of the service.
 */
service: string, 
/**
 * Number of the start.
 */
generation: number, 
/**
 * Container id, or process id.
 */
identity: string, 
/**
 * Hash of the definition it was started from.
 */
definition: string, 
/**
 * When it was launched.
 */
started: Timestamp, 
/**
 * From launch to the first Healthy.
 */
time_to_ready: Millis | null, 
/**
 * When it ended.
 */
ended: Timestamp | null, 
/**
 * How it ended.
 */
exit: Exit | null, };
export type KafkaBroker = { 
/**
 * Its number.
 */
id: number, 
/**
 * Where it says that it is reached.
 */
address: string, };
export type KafkaGroup = { 
/**
 * Its name.
 */
name: string, 
/**
 * In Kafka's words: `Stable`, `Empty`, `PreparingRebalance`.
 */
state: string, 
/**
 * Who reads at present; absent where the broker does not tell.
 */
members: number | null, 
/**
 * What it reads, by topic.
 */
topics: Array<KafkaGroupTopic>, 
/**
 * Messages that it has not consumed, all topics together.
 */
lag: number, };
export type KafkaGroupTopic = { 
/**
 * The topic.
 */
topic: string, 
/**
 * Messages that it has not consumed.
 */
lag: number, 
/**
 * Partitions of which it has read.
 */
partitions: number, };
export type KafkaPartition = { 
/**
 * Its number.
 */
index: number, 
/**
 * The broker that leads it.
 */
leader: number | null, 
/**
 * The brokers that keep it.
 */
replicas: Array<number>, 
/**
 * Those of them that are in step.
 */
in_sync: Array<number>, 
/**
 * Offset of its first message.
 */
begin: number | null, 
/**
 * Offset after its last.
 */
end: number | null, };
export type KafkaTopic = { 
/**
 * Its name.
 */
name: string, 
/**
 * It is Kafka's own.
 */
internal: boolean, 
/**
 * By number.
 */
partitions: Array<KafkaPartition>, 
/**
 * Offsets between begin and end, all partitions together: messages, and in a topic
 * with transactions their marks. Absent where some partition has no leader.
 */
messages: number | null, };
export type KafkaView = { 
/**
 * Those that are there.
 */
brokers: Array<KafkaBroker>, 
/**
 * Number of the one that leads the cluster; absent where none does.
 */
controller: number | null, 
/**
 * By name; those of Kafka itself last.
 */
topics: Array<KafkaTopic>, 
/**
 * By name.
 */
groups: Array<KafkaGroup>, 
/**
 * Topics that are left out, because there are too many.
 */
omitted_topics: number, 
/**
 * Groups that are left out.
 */
omitted_groups: number, 
/**
 * What could not be learned, one sentence each.
 */
problems: Array<string>, };
export type KeptLeftover = { 
/**
 * Its identity.
 */
id: string, 
/**
 * Why it stays, one sentence without a full stop.
 */
why: string, };
export type Kind = "check" | "run" | "http" | "wait" | "sql" | "redis" | "amqp.publish" | "kafka.produce" | "kafka.lag" | "kafka.verify" | "flink.sql" | "flink.job" | "temporal.workflow";
export type LayerView = { 
/**
 * The beginning of its digest.
 */
id: string, 
/**
 * The runtime's own word: `Downloading`, `Extracting`, `Pull complete`.
 */
state: string, 
/**
 * Bytes that have arrived.
 */
done: number, 
/**
 * Its size in bytes, once it is known.
 */
total: number | null, };
export type Leftover = { 
/**
 * `container:ID`, `network:ID`, or `shim:PID:START`, where START tells a process from
 * a later one of the same number.
 */
id: string, 
/**
 * What it is.
 */
kind: LeftoverKind, 
/**
 * Its name.
 */
name: string, 
/**
 * Why nobody owns it.
 */
why: string, };
export type LeftoverKind = "container" | "network" | "shim";
export type Level = "trace" | "debug" | "info" | "warn" | "error" | "fatal";
export type Lifecycle = "Stopped" | "Waiting" | "Building" | "Starting" | "Running" | "Stopping" | "Backoff" | "Completed" | "Failed";
export type LogHistogram = { 
/**
 * When the first bucket begins.
 */
from: Timestamp, 
/**
 * When the last bucket ends.
 */
to: Timestamp, 
/**
 * Width of a bucket.
 */
step: Millis, 
/**
 * For each bucket, records per level, trace to fatal.
 */
counts: Array<Array<number>>, 
/**
 * Whether everything was counted: otherwise the search stopped at its time bound.
 */
exact: boolean, };
export type LogPage = { 
/**
 * The window. With `after`, the oldest that match; otherwise the newest.
 */
records: Array<LogRecord>, 
/**
 * Number of the newest record there is, matching or not: the `after` of
 * the next question.
 */
newest: number, 
/**
 * Whether more records match beyond the window, on its far side. Where the
 * search was not complete: whether more could.
 */
more: boolean, 
/**
 * Records that were dropped since the start: by a full disk, or by the limits of
 * what is kept.
 */
dropped: number, 
/**
 * How many records there are per level, trace to fatal, of the chosen services,
 * times and text, whatever their level. Where `matched` is absent, only those that
 * were looked at.
 */
levels: Array<number>, 
/**
 * How many records each service has of the chosen times and levels, whatever the
 * chosen services. Empty where a text is looked for.
 */
services: Array<ServiceCount>, 
/**
 * How many records match, whatever the window. Absent where the window was full
 * before everything was looked at; a question with `limit` 0 counts all.
 */
matched: number | null, 
/**
 * Whether everything that the window needs was looked at. Otherwise the search
 * stopped at its time bound: go on with `before` (or `after`) = `reached`.
 */
complete: boolean, 
/**
 * Every record between the near end and this number was looked at.
 */
reached: number, 
/**
 * Bytes of text that were read for the answer.
 */
scanned_bytes: number, };
export type LogPatterns = { 
/**
 * In the query's range and not in the other, most frequent first.
 */
new: Array<Pattern>, 
/**
 * In the other range and not in the query's, most frequent first.
 */
vanished: Array<Pattern>, 
/**
 * Whether all records of both were looked at.
 */
complete: boolean, };
export type LogQuery = { 
/**
 * Only these services; all where it is empty.
 */
services: Array<string>, 
/**
 * Only this level and above.
 */
min_level: Level | null, 
/**
 * A query in the language of [`language`]: words, `"texts"`, `/regexes/`, fields
 * such as `level>=warn` or `user.id=42`, each with `-` before it for the opposite.
 */
text: string | null, 
/**
 * Only lines from this time on.
 */
since?: Timestamp | null, 
/**
 * Only lines before this time.
 */
until?: Timestamp | null, 
/**
 * Only lines of this run; of all runs that are kept where it is absent.
 */
run?: string | null, 
/**
 * Only records before this number: older ones, for scrolling back.
 */
before: number | null, 
/**
 * Only records after this number: newer ones, for following.
 */
after: number | null, 
/**
 * At most so many; the server's limit is 5000. With 0 there are no records: the
 * question is how many match, and all of them are counted.
 */
limit: number, };
export type LogRecord = { 
/**
 * Position in the environment's log: later records have larger numbers.
 */
seq: number, 
/**
 * When it was written, in milliseconds.
 */
time: Timestamp, 
/**
 * Name of the service.
 */
service: string, 
/**
 * Which start of the service wrote it.
 */
generation: number, 
/**
 * Where it came from.
 */
stream: Stream, 
/**
 * As recognised in the text, or by the stream.
 */
severity: Level, 
/**
 * The text as written, without the line end, ANSI colours kept.
 */
body: string, 
/**
 * What was done to it; usually nothing.
 */
marks?: Array<Mark>, 
/**
 * Named values found in the line.
 */
attributes?: { [key in string]: string }, 
/**
 * The trace it belongs to, 32 hexadecimal digits.
 */
trace_id?: string | null, 
/**
 * The span it belongs to, 16 hexadecimal digits.
 */
span_id?: string | null, };
export type LogsContextRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Number of the record.
 */
seq: number, 
/**
 * So many records before it.
 */
before: number, 
/**
 * So many records after it.
 */
after: number, 
/**
 * Only records of its service.
 */
same_service: boolean, };
export type LogsExportRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Which records; its window is of no account.
 */
query: LogQuery, 
/**
 * The form of the file.
 */
format: ExportFormat, 
/**
 * The file, as an absolute path.
 */
path: string, 
/**
 * Replace the file where it exists; otherwise that is an error.
 */
overwrite: boolean, };
export type LogsExported = { 
/**
 * Records written.
 */
records: number, 
/**
 * Size of the file.
 */
bytes: number, 
/**
 * The file.
 */
path: string, };
export type LogsHistogramRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Which records; its window is of no account.
 */
query: LogQuery, 
/**
 * At most so many buckets; the server's limit is 2000.
 */
buckets: number, };
export type LogsPatternsRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Which records, with their range of time.
 */
query: LogQuery, 
/**
 * The range to compare with.
 */
baseline: TimeRange, };
export type LogsQueryRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Which window.
 */
query: LogQuery, };
export type MapEdge = { 
/**
 * Who calls.
 */
from: string, 
/**
 * Who is called.
 */
to: string, 
/**
 * How often.
 */
calls: number, 
/**
 * How many of them failed.
 */
errors: number, 
/**
 * Half of them took no longer, in nanoseconds.
 */
p50_ns: number, 
/**
 * 99 of a hundred took no longer, in nanoseconds.
 */
p99_ns: number, 
/**
 * The definition says so: `references` or `depends_on`.
 */
declared: boolean, 
/**
 * Spans say so.
 */
observed: boolean, };
export type MapNode = { 
/**
 * Its name.
 */
service: string, 
/**
 * The environment's definition has it.
 */
declared: boolean, 
/**
 * Its spans; of something that sends none, the calls that went there.
 */
spans: number, 
/**
 * How many of them failed.
 */
errors: number, 
/**
 * Half of them took no longer, in nanoseconds.
 */
p50_ns: number, 
/**
 * 99 of a hundred took no longer, in nanoseconds.
 */
p99_ns: number, 
/**
 * What it is.
 */
kind: NodeKind, };
export type Mark = "truncated" | "invalid_utf8" | "binary" | "gap" | "joined";
export type Metric = { 
/**
 * Its name, such as `container.memory.usage`.
 */
name: string, 
/**
 * Its unit by UCUM, such as `By`, `s` or `{request}`.
 */
unit: string | null, 
/**
 * What it says, one sentence.
 */
description: string | null, 
/**
 * What its points are.
 */
kind: MetricKind, 
/**
 * A sum that only grows, apart from restarts: a counter.
 */
monotonic: boolean, 
/**
 * What its points count from; absent where they do not count.
 */
temporality: Temporality | null, 
/**
 * Where it comes from.
 */
source: MetricSource, 
/**
 * Which services have it.
 */
services: Array<string>, 
/**
 * Keys of its attributes.
 */
attributes: Array<string>, 
/**
 * How many series it has.
 */
series: number, 
/**
 * Its first point.
 */
first: Timestamp, 
/**
 * Its last point.
 */
last: Timestamp, };
export type MetricFilter = { 
/**
 * Key of the attribute.
 */
key: string, 
/**
 * Its value as text.
 */
value: string, };
export type MetricFrame = { 
/**
 * Name of the metric.
 */
metric: string, 
/**
 * Unit of what is shown, by UCUM.
 */
unit: string | null, 
/**
 * The lines, the largest first; at most 50.
 */
series: Array<Series>, 
/**
 * With [`MetricShow::Heatmap`].
 */
heatmap: Heatmap | null, 
/**
 * Single observations that lead to a trace, oldest first; at most 200.
 */
exemplars: Array<Exemplar>, 
/**
 * Lines that were left out.
 */
omitted_series: number, };
export type MetricFrames = { 
/**
 * When the first bucket begins.
 */
from: Timestamp, 
/**
 * When the last bucket ends.
 */
to: Timestamp, 
/**
 * Width of a bucket. A bucket has what was measured from its begin on, and before
 * its end.
 */
step: Millis, 
/**
 * One for each query, in their order.
 */
frames: Array<MetricFrame>, 
/**
 * What happened to services in this time, oldest first; at most 500.
 */
marks: Array<RunMark>, };
export type MetricKind = "gauge" | "sum" | "histogram" | "exponential_histogram" | "summary";
export type MetricList = { 
/**
 * By name.
 */
metrics: Array<Metric>, 
/**
 * Series that were not kept since the start of the engine, because there are too
 * many.
 */
dropped_series: number, 
/**
 * Points that were not kept since the start of the engine: of such series, or
 * because of a full disk or the limits of what is kept.
 */
dropped_points: number, };
export type MetricQuery = { 
/**
 * Name of the metric.
 */
metric: string, 
/**
 * Only these services; all where it is empty.
 */
services: Array<string>, 
/**
 * Only series that have all these attributes.
 */
filter: Array<MetricFilter>, 
/**
 * Keys of attributes that keep series apart; the service always does. Series that
 * differ only in others are one: sums add up, of gauges it is the mean.
 */
group_by: Array<string>, 
/**
 * What is shown.
 */
show: MetricShow, };
export type MetricShow = "value" | "rate" | "delta" | "p50" | "p90" | "p99" | "heatmap" | "count" | "mean";
export type MetricSource = "container" | "process" | "probe" | "span" | "otlp" | "scrape";
export type MetricsListRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * The run; absent: the present one, or the newest that is kept.
 */
run?: string | null, };
export type MetricsPinRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * At most 50, in their order.
 */
charts: Array<PinnedChart>, };
export type MetricsPinsRequest = { 
/**
 * The environment's identity.
 */
environment: string, };
export type MetricsQueryRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * The run; absent: the present one, or the newest that is kept.
 */
run?: string | null, 
/**
 * At most 16.
 */
queries: Array<MetricQuery>, 
/**
 * Begin of the axis; absent: the run's first point.
 */
since?: Timestamp | null, 
/**
 * End of the axis; absent: the run's last point.
 */
until?: Timestamp | null, 
/**
 * Into so many buckets, such as the chart's columns; at most 2000.
 */
buckets: number, };
export type Millis = number;
export type NodeKind = "service" | "database" | "messaging" | "external";
export type OtlpEndpoint = { 
/**
 * Its protocol.
 */
protocol: OtlpProtocol, 
/**
 * `host:port`.
 */
address: string, };
export type OtlpProtocol = "grpc" | "http";
export type Pattern = { 
/**
 * Their text with `<*>` for what differs.
 */
template: string, 
/**
 * How many they are.
 */
count: number, 
/**
 * Who wrote them.
 */
service: string, 
/**
 * The highest level of them.
 */
level: Level, 
/**
 * Number of the newest of them.
 */
example_seq: number, 
/**
 * Text of the newest of them.
 */
example: string, };
export type Percentiles = { 
/**
 * Half of them took no longer.
 */
p50_ns: number, 
/**
 * Nine of ten took no longer.
 */
p90_ns: number, 
/**
 * 99 of a hundred took no longer.
 */
p99_ns: number, 
/**
 * The longest.
 */
max_ns: number, };
export type PinnedChart = { 
/**
 * What it is called.
 */
title: string, 
/**
 * What it shows.
 */
query: MetricQuery, };
export type Place = { 
/**
 * The file as the user would name it. Shared, because a file of some hundred
 * services has ten thousand places.
 */
file: string, 
/**
 * 1-based; 0 where the whole file is meant.
 */
line: number, 
/**
 * 1-based, in characters; 0 where the whole line is meant.
 */
column: number, };
export type PlannedEndpoint = { 
/**
 * Its name.
 */
name: string, 
/**
 * `http://localhost:5001`; `auto` in place of a port that is chosen at the
 * start.
 */
url: string, };
export type PlannedService = { 
/**
 * Its name.
 */
name: string, 
/**
 * What it is.
 */
kind: ServiceKind, 
/**
 * Image or command line.
 */
source: string, 
/**
 * What must hold before it is started.
 */
waits_for: Array<PlannedWait>, 
/**
 * Its addresses as seen from this host, in the order of the file.
 */
endpoints: Array<PlannedEndpoint>, 
/**
 * The variables that it will get; `auto` stands for a port that is chosen
 * at the start.
 */
variables: Array<Variable>, 
/**
 * `ready: http /health`, one per probe.
 */
probes: Array<string>, };
export type PlannedWait = { 
/**
 * The other service.
 */
service: string, 
/**
 * What must hold there.
 */
condition: Condition, };
export type PortFreeRequest = { 
/**
 * The port.
 */
port: number, 
/**
 * Process id of the holder, as it was shown; another holder is left alone.
 */
pid: number, };
export type ProbeHistory = { 
/**
 * Which.
 */
role: ProbeRole, 
/**
 * Equal answers in a row as one, oldest first; the newest 300.
 */
spans: Array<AnswerSpan>, 
/**
 * Spans that were left out.
 */
omitted: number, 
/**
 * All answers in the time that is shown.
 */
answers: number, 
/**
 * Mean latency in milliseconds in each of equal parts of the time that is shown; null
 * where nothing is known. Empty where there are no metrics of it.
 */
latency_ms: Array<number | null>, };
export type ProbeRole = "startup" | "live" | "ready";
export type ProbeView = { 
/**
 * Which question it answers.
 */
role: ProbeRole, 
/**
 * `http`, `tcp`, `exec` or `container`.
 */
kind: string, 
/**
 * What it asks: `GET http://localhost:5001/health/ready`.
 */
target: string, 
/**
 * Time between two attempts.
 */
interval: Millis, 
/**
 * The last answer; absent before the first.
 */
verdict: Verdict | null, 
/**
 * One line about the last answer.
 */
text: string | null, 
/**
 * Latency of the last answer in microseconds.
 */
latency_us: number | null, 
/**
 * When the last answer came.
 */
at: Timestamp | null, 
/**
 * Failures in a row, up to now.
 */
failures: number, 
/**
 * Named findings of the last answer.
 */
details: { [key in string]: string }, };
export type ProbesHistoryRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Only this service; absent: all.
 */
service?: string | null, 
/**
 * The whole of this run; absent: the last two hours, whatever run they belong to.
 */
run?: string | null, };
export type Problem = { 
/**
 * Error or warning.
 */
severity: Severity, 
/**
 * Where it was found.
 */
place: Place, 
/**
 * What was found and what was expected, one sentence without a full stop.
 */
message: string, 
/**
 * What to do about it, where there is something to say.
 */
hint: string | null, 
/**
 * The line that is meant, with the part of it that is; absent where a whole
 * file is meant or its text is not known.
 */
excerpt: Excerpt | null, };
export type Progress = { 
/**
 * So much is done.
 */
done: number, 
/**
 * Of so much; absent where that is not known.
 */
total: number | null, 
/**
 * So much a second at present.
 */
rate: number | null, 
/**
 * What is counted, or what goes on: `messages`, `lag 3 s: waiting`.
 */
what: string, };
export type Proof = { "type": "line", 
/**
 * Its service.
 */
service: string, 
/**
 * Its number.
 */
seq: number, 
/**
 * Its text.
 */
text: string, } | { "type": "exit", 
/**
 * `exited with code 137 (killed: out of memory)`.
 */
text: string, } | { "type": "probe", 
/**
 * `ready http`.
 */
probe: string, 
/**
 * The answer.
 */
text: string, } | { "type": "reason", 
/**
 * Its sentence.
 */
text: string, } | { "type": "dependency", 
/**
 * Its name.
 */
service: string, 
/**
 * Its status.
 */
status: Status, };
export type PullView = { 
/**
 * The image.
 */
image: string, 
/**
 * Bytes of all layers that have arrived.
 */
done_bytes: number, 
/**
 * Bytes of all layers, as far as they are known; grows while the pull
 * finds out.
 */
total_bytes: number | null, 
/**
 * In the order in which the runtime named them.
 */
layers: Array<LayerView>, 
/**
 * No byte has come for 30 s.
 */
stalled: boolean, };
export type Release = { 
/**
 * A version as semver.org defines it, without a leading `v`.
 */
version: string, 
/**
 * Where people read about it and find its packages; `https` only.
 */
page: string, };
export type ReportEntry = { 
/**
 * Its name in the archive.
 */
name: string, 
/**
 * Its size before it is packed.
 */
bytes: number, 
/**
 * What it holds, a few words.
 */
what: string, };
export type ReportPreview = { 
/**
 * Its files.
 */
entries: Array<ReportEntry>, 
/**
 * Keys of variables whose values are taken out wherever they stand.
 */
masked: Array<string>, };
export type ReportPreviewRequest = { 
/**
 * The environment's identity.
 */
environment: string, };
export type ReportWriteRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * The file, as an absolute path.
 */
path: string, 
/**
 * Replace the file where it exists; otherwise that is an error.
 */
overwrite: boolean, };
export type ReportWritten = { 
/**
 * The file.
 */
path: string, 
/**
 * Its size.
 */
bytes: number, };
export type Resource = { 
/**
 * Name of the service.
 */
service: string, 
/**
 * What it says of itself.
 */
attributes: Array<[string, unknown]>, };
export type RouteComparison = { 
/**
 * The service.
 */
service: string, 
/**
 * Method and route.
 */
route: string, 
/**
 * In the first run; absent where nobody asked for it.
 */
a: RouteLatency | null, 
/**
 * In the second.
 */
b: RouteLatency | null, };
export type RouteLatency = { 
/**
 * The service.
 */
service: string, 
/**
 * The name of its spans: method and route.
 */
route: string, 
/**
 * Requests that it answered.
 */
count: number, 
/**
 * Those that failed.
 */
errors: number, 
/**
 * How long they took.
 */
percentiles: Percentiles, };
export type Run = { 
/**
 * Unique, sortable by start.
 */
id: string, 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Its name when the run began.
 */
name: string, 
/**
 * Its folder.
 */
project_dir: string, 
/**
 * When the first service was asked for.
 */
started: Timestamp, 
/**
 * When the last instance had ended.
 */
ended: Timestamp | null, 
/**
 * How it ended.
 */
result: RunResult, 
/**
 * Services in the definition.
 */
services: number, 
/**
 * Starts that followed an unexpected end.
 */
restarts: number, 
/**
 * From the start until every service was Healthy or Completed for the first
 * time; absent where that never happened.
 */
time_to_ready: Millis | null, 
/**
 * Git commit of the project folder, shortened, where it is a checkout.
 */
git_commit: string | null, 
/**
 * The checkout had uncommitted changes.
 */
git_dirty: boolean, 
/**
 * On what it ran; absent where that was not recorded.
 */
host: HostFacts | null, 
/**
 * When it was read from a file; absent where it happened here.
 */
imported: Timestamp | null, 
/**
 * What people say of it.
 */
annotation: Annotation, };
export type RunComparison = { 
/**
 * The run to compare with.
 */
a: Run, 
/**
 * The run in question.
 */
b: Run, 
/**
 * What differs and matters, the worst first.
 */
differences: Array<Difference>, 
/**
 * Where the definitions differ, service by service.
 */
definition: Array<ServiceChange>, 
/**
 * What lies between the commits of the two; absent where one is not known.
 */
git: GitRange | null, 
/**
 * Every service of either, by name.
 */
services: Array<ServiceComparison>, 
/**
 * Every route that was asked for in either, by service and route.
 */
routes: Array<RouteComparison>, 
/**
 * Every scenario that was executed in either, by name.
 */
scenarios: Array<ScenarioComparison>, 
/**
 * What only one of them logged; absent where logs of one are not kept any more.
 */
patterns: LogPatterns | null, };
export type RunDetails = { 
/**
 * The run.
 */
run: Run, 
/**
 * Its instances, oldest first.
 */
instances: Array<Instance>, 
/**
 * Its changes of state, oldest first.
 */
transitions: Array<Transition>, };
export type RunExported = { 
/**
 * The run.
 */
run: Run, 
/**
 * How much telemetry of each kind.
 */
counts: SignalCounts, 
/**
 * Size of the file.
 */
bytes: number, 
/**
 * The file.
 */
path: string, 
/**
 * Keys of the secrets that were looked for and masked.
 */
masked: Array<string>, };
export type RunImported = { 
/**
 * The run as it is now.
 */
run: Run, 
/**
 * How much telemetry of each kind it has.
 */
counts: SignalCounts, };
export type RunMark = { 
/**
 * When.
 */
at: Timestamp, 
/**
 * What kind of event.
 */
kind: RunMarkKind, 
/**
 * The service.
 */
service: string, 
/**
 * What happened, one sentence.
 */
text: string, };
export type RunMarkKind = "start" | "restart" | "stop" | "crash" | "alert" | "rebuild";
export type RunResult = "running" | "clean" | "troubled" | "interrupted";
export type RunsAnnotateRequest = { 
/**
 * The run.
 */
run: string, 
/**
 * All that is said of it now.
 */
annotation: Annotation, };
export type RunsCompareRequest = { 
/**
 * The run to compare with.
 */
a: string, 
/**
 * The run in question.
 */
b: string, };
export type RunsExportRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * The run.
 */
run: string, 
/**
 * The file, as an absolute path.
 */
path: string, 
/**
 * Replace the file where it exists; otherwise that is an error.
 */
overwrite: boolean, };
export type RunsImportRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * The file, as an absolute path.
 */
path: string, };
export type RunsListRequest = { 
/**
 * Only runs of this environment.
 */
environment: string | null, 
/**
 * At most so many.
 */
limit: number, };
export type RunsShowRequest = { 
/**
 * The run.
 */
run: string, };
export type RuntimeChoice = { 
/**
 * `unix:///var/run/docker.sock`.
 */
address: string, 
/**
 * Which make.
 */
kind: RuntimeKind, 
/**
 * `Docker 28.2`, where it answers.
 */
name: string | null, 
/**
 * The version of the API that both sides speak, where it answers.
 */
api: string | null, 
/**
 * It runs without root, as far as is known.
 */
rootless: boolean, 
/**
 * How it was found: `DOCKER_HOST`, `context desktop-linux`, `default socket`.
 */
source: string, 
/**
 * Whether it can be used.
 */
state: RuntimeState, 
/**
 * What is wrong, where it cannot be used.
 */
problem: string | null, 
/**
 * What to do about it.
 */
hint: string | null, 
/**
 * The one that is used: by choice, or because it comes first.
 */
chosen: boolean, };
export type RuntimeChooseRequest = { 
/**
 * For this environment; absent: for all that have no choice of their own.
 */
environment: string | null, 
/**
 * Its address; absent: no choice, so the default or the first that answers.
 */
address: string | null, };
export type RuntimeKind = "docker" | "podman" | "unknown";
export type RuntimeListRequest = { 
/**
 * As this environment sees it; absent: as one without a choice of its own.
 */
environment: string | null, };
export type RuntimeState = "ready" | "not_running" | "no_permission" | "not_installed" | "silent" | "failed";
export type RuntimeView = { 
/**
 * It answers.
 */
available: boolean, 
/**
 * `Docker 20.10.24`, where it has answered once.
 */
name: string | null, 
/**
 * What is wrong, where it does not answer.
 */
problem: string | null, 
/**
 * What to do about it.
 */
hint: string | null, 
/**
 * Since when this is so.
 */
since: Timestamp, };
export type ScenarioCancelRequest = { 
/**
 * The environment's identity.
 */
environment: string, };
export type ScenarioComparison = { 
/**
 * Its name.
 */
scenario: string, 
/**
 * In the first run; absent where it was not executed.
 */
a: ScenarioRun | null, 
/**
 * In the second.
 */
b: ScenarioRun | null, };
export type ScenarioHistoryRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Only of this scenario.
 */
scenario: string | null, 
/**
 * At most so many; 200 at the most.
 */
limit: number, };
export type ScenarioList = { 
/**
 * By name.
 */
scenarios: Array<ScenarioSummary>, 
/**
 * The one that goes on; there is at most one in an environment.
 */
running: ScenarioReport | null, };
export type ScenarioReport = { 
/**
 * Unique, sortable by start.
 */
id: string, 
/**
 * Name of the scenario.
 */
scenario: string, 
/**
 * The run of the environment that it was executed in; absent where nothing ran.
 */
run: string | null, 
/**
 * When it began.
 */
started: Timestamp, 
/**
 * When it ended.
 */
ended: Timestamp | null, 
/**
 * How it stands.
 */
status: ScenarioStatus, 
/**
 * What decided, one sentence; absent while it goes on and where all is well.
 */
text: string | null, 
/**
 * `STEP.METRIC` of all steps, and `duration_ms`.
 */
metrics: { [key in string]: number }, 
/**
 * The variables as they were; values that look secret are masked.
 */
vars: { [key in string]: string }, 
/**
 * The steps, in the order of the file.
 */
steps: Array<StepReport>, 
/**
 * The criteria of the whole.
 */
criteria: Array<CriterionReport>, };
export type ScenarioRun = { 
/**
 * How many they were.
 */
executions: number, 
/**
 * How the last one ended.
 */
status: ScenarioStatus, 
/**
 * Why, where it did not pass.
 */
text: string | null, 
/**
 * What the last one measured.
 */
metrics: { [key in string]: number }, };
export type ScenarioRunRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Its name.
 */
scenario: string, 
/**
 * Variables to replace.
 */
vars: Record<string, string>, };
export type ScenarioStatus = "running" | "passed" | "failed" | "cancelled" | "interrupted";
export type ScenarioStep = { 
/**
 * Unique in its scenario.
 */
id: string, 
/**
 * For people.
 */
name: string, 
/**
 * What it does.
 */
kind: Kind, 
/**
 * It is run whatever happens.
 */
always: boolean, };
export type ScenarioSummary = { 
/**
 * Its name.
 */
name: string, 
/**
 * What it is for.
 */
description: string | null, 
/**
 * Variables and their usual values; secret ones are masked.
 */
vars: { [key in string]: string }, 
/**
 * Its steps, with the checks of health before and after.
 */
steps: Array<ScenarioStep>, 
/**
 * What must hold at the end.
 */
criteria: Array<string>, 
/**
 * Its executions, newest first; at most 20.
 */
last: Array<ScenarioReport>, };
export type ScenariosListRequest = { 
/**
 * The environment's identity.
 */
environment: string, };
export type Series = { 
/**
 * Its service.
 */
service: string, 
/**
 * What sets it apart.
 */
attributes: Array<[string, string]>, 
/**
 * One for each bucket; null where there was nothing. Between two points that are
 * no further apart than usual, buckets without a point have the earlier one.
 */
points: Array<number | null>, 
/**
 * The least of each bucket, where more was measured than is shown.
 */
min: Array<number | null> | null, 
/**
 * The most of each bucket, where more was measured than is shown.
 */
max: Array<number | null> | null, };
export type ServiceCancelRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Name of the service.
 */
service: string, };
export type ServiceChange = { 
/**
 * Its name.
 */
service: string, 
/**
 * What happened to its definition.
 */
kind: ChangeKind, 
/**
 * What applying it does.
 */
action: ChangeAction, 
/**
 * Where the definitions differ, in the order of their paths; empty where the
 * service is new or gone.
 */
fields: Array<FieldChange>, };
export type ServiceComparison = { 
/**
 * Its name.
 */
service: string, 
/**
 * In the first run; absent where it did not take part.
 */
a: ServiceRun | null, 
/**
 * In the second.
 */
b: ServiceRun | null, };
export type ServiceCount = { 
/**
 * Name of the service.
 */
service: string, 
/**
 * How many.
 */
records: number, };
export type ServiceDetails = { 
/**
 * Its state.
 */
service: ServiceView, 
/**
 * The variables of its instance, or of the next one.
 */
environment: Array<Variable>, 
/**
 * Its last instances, newest first.
 */
instances: Array<Instance>, 
/**
 * Its last changes of state, newest first.
 */
transitions: Array<Transition>, 
/**
 * What it is, where its inside can be shown.
 */
system: System | null, };
export type ServiceDetailsRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Name of the service.
 */
service: string, };
export type ServiceFlinkRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Name of the service.
 */
service: string, };
export type ServiceHistory = { 
/**
 * Its name.
 */
service: string, 
/**
 * What a person saw, oldest first; the newest 300.
 */
states: Array<StatusSpan>, 
/**
 * The part of the run, from 0 to 1, in which it was Healthy since it was so first;
 * time in which it was stopped on purpose does not count. Absent where it never was.
 */
availability: number | null, 
/**
 * From the launch of its last instance in the run to Healthy.
 */
ready_after: Millis | null, 
/**
 * The median of the same over earlier runs.
 */
usual: Millis | null, 
/**
 * How many earlier runs that is.
 */
usual_of: number, 
/**
 * Turns between well and ill in the last ten minutes.
 */
flips: number, 
/**
 * It flaps: at least four such turns.
 */
flapping: boolean, 
/**
 * Its probes, in the order startup, live, ready.
 */
probes: Array<ProbeHistory>, };
export type ServiceKafkaRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Name of the service.
 */
service: string, };
export type ServiceKind = "container" | "process" | "external";
export type ServiceMap = { 
/**
 * Who.
 */
nodes: Array<MapNode>, 
/**
 * Whom.
 */
edges: Array<MapEdge>, 
/**
 * Whether all spans were looked at; otherwise it stopped at its time bound.
 */
complete: boolean, };
export type ServiceProbeRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Name of the service.
 */
service: string, };
export type ServiceRebuildRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Name of the service.
 */
service: string, };
export type ServiceRestartRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Name of the service.
 */
service: string, };
export type ServiceRun = { 
/**
 * Instances.
 */
starts: number, 
/**
 * Starts that followed an unexpected end.
 */
restarts: number, 
/**
 * From the begin of the run to the launch of its first instance.
 */
time_to_start: Millis | null, 
/**
 * From that launch to the first Healthy.
 */
time_to_ready: Millis | null, 
/**
 * The worst it was; absent where no change was kept.
 */
worst: Status | null, 
/**
 * Changes for the worse.
 */
alerts: number, 
/**
 * Why it ended unexpectedly, each cause once, in order of appearance.
 */
failures: Array<string>, 
/**
 * Log records of level error and above.
 */
errors: number, 
/**
 * Log records of level warn.
 */
warnings: number, 
/**
 * Passing answers of its probes.
 */
probes: number, 
/**
 * Their mean latency, in microseconds.
 */
probe_mean_us: number | null, 
/**
 * The slowest of them, in microseconds.
 */
probe_max_us: number | null, 
/**
 * The most memory that it had in use, in bytes; absent where that is not kept.
 */
peak_memory: number | null, 
/**
 * The most processors that it had in use, in cores.
 */
peak_cpu: number | null, };
export type ServiceSpans = { 
/**
 * The service.
 */
service: string, 
/**
 * How many.
 */
spans: number, };
export type ServiceStartRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Name of the service.
 */
service: string, 
/**
 * Start what it depends on, too; otherwise it waits for them.
 */
with_dependencies: boolean, };
export type ServiceStopRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Name of the service.
 */
service: string, };
export type ServiceTemporalRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Name of the service.
 */
service: string, };
export type ServiceUsePortRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * The service's name.
 */
service: string, 
/**
 * The port of the endpoint.
 */
port: number, 
/**
 * The one to use.
 */
instead: number, };
export type ServiceView = { 
/**
 * Its name.
 */
name: string, 
/**
 * What it is.
 */
kind: ServiceKind, 
/**
 * Heading under which it is listed.
 */
group: string | null, 
/**
 * What a person sees.
 */
status: Status, 
/**
 * Where it is in its life.
 */
lifecycle: Lifecycle, 
/**
 * What its probes say.
 */
health: Health, 
/**
 * Why it is so, one sentence; absent where nothing needs saying.
 */
reason: string | null, 
/**
 * What is going on right now: `pulling postgres:16, 43 %`.
 */
progress: string | null, 
/**
 * Since when its status is what it is.
 */
since: Timestamp, 
/**
 * Number of the current or last start; 0 where it was never started.
 */
generation: number, 
/**
 * Starts after unexpected ends, in this run.
 */
restarts: number, 
/**
 * When the next start is due, in Backoff.
 */
next_start: Timestamp | null, 
/**
 * When the instance was started.
 */
started: Timestamp | null, 
/**
 * Its addresses as seen from this host.
 */
endpoints: Array<EndpointView>, 
/**
 * Process id, for processes.
 */
pid: number | null, 
/**
 * Container id, for containers.
 */
container_id: string | null, 
/**
 * Exit code of the last instance that ended.
 */
exit_code: number | null, 
/**
 * In percent of one core, over the last sample.
 */
cpu: number | null, 
/**
 * Resident memory of the whole tree, in bytes.
 */
memory: number | null, 
/**
 * One entry per probe.
 */
probes: Array<ProbeView>, 
/**
 * Names of the services it waits for.
 */
depends_on: Array<string>, 
/**
 * Image or command line.
 */
source: string, 
/**
 * The evidence for all this is old: the container runtime is silent.
 */
stale: boolean, 
/**
 * The definition on disk differs from what runs.
 */
changed: boolean, 
/**
 * It turns from well to ill and back, again and again.
 */
flapping: boolean, 
/**
 * The pull of its image, while there is one.
 */
pull?: PullView | null, 
/**
 * There is something to build: a command, or an image.
 */
can_rebuild: boolean, 
/**
 * Its files are watched: a change of them builds it anew.
 */
watching: boolean, 
/**
 * Its last build since the engine started, or the one that runs.
 */
build: BuildView | null, };
export type Severity = "error" | "warning";
export type SignalCounts = { 
/**
 * Spans.
 */
spans: number, 
/**
 * Metric points.
 */
points: number, 
/**
 * Log records.
 */
logs: number, };
export type Silence = { 
/**
 * The service.
 */
service: string, 
/**
 * When it ends by itself.
 */
until: Timestamp | null, 
/**
 * The only run that it holds for.
 */
run: string | null, };
export type SilenceLength = { "type": "off" } | { "type": "time", 
/**
 * How long; at most a year.
 */
length: Millis, } | { "type": "run" } | { "type": "always" };
export type Span = { 
/**
 * Its id, 16 digits.
 */
id: string, 
/**
 * The span that caused it, as it was sent.
 */
parent: string | null, 
/**
 * Name of the service.
 */
service: string, 
/**
 * What was done.
 */
name: string, 
/**
 * Its place in the exchange.
 */
kind: SpanKind, 
/**
 * From the begin of the trace to its own, in nanoseconds.
 */
start_ns: number, 
/**
 * How long it took, in nanoseconds.
 */
duration_ns: number, 
/**
 * How it ended.
 */
status: SpanStatus, 
/**
 * What it says of its failure.
 */
message: string | null, 
/**
 * Its named values.
 */
attributes: Array<[string, unknown]>, 
/**
 * What happened while it lasted.
 */
events: Array<SpanEvent>, 
/**
 * Spans of this or other traces that it has to do with.
 */
links: Array<SpanLink>, 
/**
 * Name of the library that made it.
 */
scope: string | null, 
/**
 * Who sent it: index into the trace's resources.
 */
resource: number, 
/**
 * What its sender left out.
 */
dropped: Dropped, 
/**
 * How deep it lies: 0 for roots.
 */
depth: number, 
/**
 * How long it lasted while none of its children did, in nanoseconds.
 */
self_ns: number, 
/**
 * Part of the chain that the trace's length is made of.
 */
critical: boolean, 
/**
 * Its parent was not received; it is shown as a root.
 */
orphan: boolean, 
/**
 * How many other spans of the same id were received, and left out.
 */
duplicate: number, };
export type SpanEvent = { 
/**
 * What.
 */
name: string, 
/**
 * When, from the begin of the trace, in nanoseconds.
 */
at_ns: number, 
/**
 * Its named values.
 */
attributes: Array<[string, unknown]>, };
export type SpanKind = "unspecified" | "internal" | "server" | "client" | "producer" | "consumer";
export type SpanLink = { 
/**
 * Its trace.
 */
trace_id: string, 
/**
 * The span.
 */
span_id: string, 
/**
 * Named values of the link.
 */
attributes: Array<[string, unknown]>, };
export type SpanStatus = "unset" | "ok" | "error";
export type StartReport = { 
/**
 * Checks that do not pass: some services will fail at them, in the same words.
 */
obstacles: Array<DoctorCheck>, };
export type Status = "Stopped" | "Healthy" | "Starting" | "Degraded" | "Unhealthy";
export type StatusSpan = { 
/**
 * Which.
 */
status: Status, 
/**
 * When it began.
 */
from: Timestamp, 
/**
 * When it ended, or the end of what is asked for.
 */
to: Timestamp, };
export type StepReport = { 
/**
 * Unique in its scenario.
 */
id: string, 
/**
 * For people.
 */
name: string, 
/**
 * What it does.
 */
kind: Kind, 
/**
 * Number of its group where it is run together with others, from 1.
 */
group: number | null, 
/**
 * It is run whatever happens.
 */
always: boolean, 
/**
 * How it stands.
 */
status: StepStatus, 
/**
 * When it began.
 */
started: Timestamp | null, 
/**
 * How long it took, all attempts together.
 */
duration: Millis | null, 
/**
 * Attempts so far.
 */
attempts: number, 
/**
 * What it found, one sentence.
 */
text: string | null, 
/**
 * What it measured.
 */
metrics: { [key in string]: number }, 
/**
 * Named findings, such as samples.
 */
details: { [key in string]: string }, 
/**
 * Its criteria.
 */
criteria: Array<CriterionReport>, 
/**
 * How far it is, while it goes on.
 */
progress: Progress | null, 
/**
 * How numbers went while it was under way.
 */
curves: Array<Curve>, };
export type StepStatus = "pending" | "running" | "passed" | "failed" | "skipped" | "cancelled";
export type Stream = "stdout" | "stderr" | "benchtop";
export type System = "kafka" | "flink" | "temporal";
export type TelemetryExportRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * The run; absent: the present one, or the newest that is kept.
 */
run?: string | null, 
/**
 * The file, as an absolute path.
 */
path: string, 
/**
 * Replace the file where it exists; otherwise that is an error.
 */
overwrite: boolean, };
export type TelemetryExported = { 
/**
 * How much of each.
 */
counts: SignalCounts, 
/**
 * Size of the file.
 */
bytes: number, 
/**
 * The file.
 */
path: string, };
export type TelemetryForwardRequest = { 
/**
 * For this environment; absent: for all that have no address of their own.
 */
environment: string | null, 
/**
 * A backend of OTLP/HTTP, such as `http://localhost:14318` or
 * `https://otlp.example.com`; absent: none.
 */
address: string | null, 
/**
 * What every request to it carries, each as `name: value`; in place of those of before.
 * They are kept in the settings and not shown.
 */
headers: Array<string>, };
export type TelemetryImportRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * The file, as an absolute path.
 */
path: string, };
export type TelemetryImported = { 
/**
 * The run that was made.
 */
run: string, 
/**
 * How much of each it has.
 */
counts: SignalCounts, 
/**
 * What was left out, because it is not valid.
 */
rejected: SignalCounts, };
export type TelemetryStatus = { 
/**
 * Where it listens; empty where it does not.
 */
endpoints: Array<OtlpEndpoint>, 
/**
 * The key that senders must show, masked.
 */
key: string | null, 
/**
 * What was kept since the engine started.
 */
received: SignalCounts, 
/**
 * What was refused because it was wrong.
 */
rejected: SignalCounts, 
/**
 * What was lost because there was too much.
 */
dropped: SignalCounts, 
/**
 * Where a copy of everything is sent on to.
 */
forward: ForwardStatus | null, 
/**
 * What is wrong with the receiver, and what to do.
 */
problem: string | null, };
export type TelemetryStatusRequest = { 
/**
 * The environment's identity.
 */
environment: string, };
export type TemporalView = { 
/**
 * The namespace.
 */
namespace: string, 
/**
 * The last ones, as the server puts them: the newest first.
 */
workflows: Array<TemporalWorkflow>, 
/**
 * There are more.
 */
more: boolean, };
export type TemporalWorkflow = { 
/**
 * As whoever started it calls it.
 */
id: string, 
/**
 * The number of this execution.
 */
run: string, 
/**
 * Its type.
 */
kind: string, 
/**
 * In Temporal's words: `Running`, `Completed`, `Failed`.
 */
state: string, 
/**
 * Where workers take it from.
 */
task_queue: string, 
/**
 * When it was started.
 */
started: Timestamp | null, 
/**
 * When it ended.
 */
ended: Timestamp | null, 
/**
 * Events in its history.
 */
events: number, };
export type Temporality = "delta" | "cumulative";
export type TimeRange = { 
/**
 * Its begin.
 */
since: Timestamp, 
/**
 * Its end, which does not belong to it.
 */
until: Timestamp, };
export type Timestamp = number;
export type Tone = "worse" | "neutral" | "better";
export type Topic = "status" | "usage" | "logs" | "runs" | "traces" | "metrics" | "alerts" | "scenarios";
export type Trace = { 
/**
 * The trace.
 */
trace_id: string, 
/**
 * When its first span began.
 */
start: Timestamp, 
/**
 * From there to the end of its last span, in nanoseconds.
 */
duration_ns: number, 
/**
 * Who sent the spans; a span names one by its index.
 */
resources: Array<Resource>, 
/**
 * The spans in the order of display: each directly before its children.
 */
spans: Array<Span>, 
/**
 * How many spans more there are; absent where all are here.
 */
truncated: number | null, 
/**
 * What is odd about it.
 */
findings: Array<TraceFinding>, };
export type TraceDot = { 
/**
 * The trace.
 */
trace_id: string, 
/**
 * When it began.
 */
start: Timestamp, 
/**
 * How long it took, in nanoseconds.
 */
duration_ns: number, 
/**
 * Whether a span of it failed.
 */
error: boolean, };
export type TraceFinding = { 
/**
 * What kind.
 */
kind: FindingKind, 
/**
 * The span it is about.
 */
span: string | null, 
/**
 * One sentence.
 */
text: string, };
export type TraceGetRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * The run; absent: the present one, or the newest that is kept.
 */
run?: string | null, 
/**
 * The trace, 32 hexadecimal digits.
 */
trace_id: string, };
export type TraceOrder = "newest" | "slowest";
export type TracePage = { 
/**
 * The window.
 */
traces: Array<TraceSummary>, 
/**
 * The `before` of the next page; absent on the last one.
 */
next: string | null, 
/**
 * How many match, whatever the window.
 */
matched: number, 
/**
 * How long those that match took.
 */
percentiles: Percentiles, 
/**
 * How many of those that match have a failed span.
 */
errors: number, 
/**
 * Those that match as dots over time: at most 2000, the slowest and the failed among
 * them.
 */
scatter: Array<TraceDot>, 
/**
 * Spans that were not kept since the start, because there were too many.
 */
spans_dropped: number, 
/**
 * Whether all traces were looked at; otherwise the search stopped at its time bound.
 */
complete: boolean, };
export type TraceQuery = { 
/**
 * Traces of this run; absent: of the present run, or the newest that is kept.
 */
run?: string | null, 
/**
 * Only traces that one of these services took part in; all where it is empty.
 */
services: Array<string>, 
/**
 * Words in names and values of spans, `key=value` and the like as in the language
 * of logs, and `status=error`, `duration>=100ms`, `route=/x`, `kind=server`,
 * `name=…`, `service=…`.
 */
text: string | null, 
/**
 * Only traces that began at this time or later.
 */
since?: Timestamp | null, 
/**
 * Only traces that began before this time.
 */
until?: Timestamp | null, 
/**
 * Only traces that took so long or longer, in nanoseconds.
 */
min_ns?: number | null, 
/**
 * Only traces that took so long or shorter, in nanoseconds.
 */
max_ns?: number | null, 
/**
 * Only traces in which a span failed.
 */
errors_only: boolean, 
/**
 * Which come first.
 */
order: TraceOrder, 
/**
 * At most so many; the server's limit is 1000. With 0 only the numbers are answered.
 */
limit: number, 
/**
 * Goes on behind a page: its `next`.
 */
before?: string | null, };
export type TraceSummary = { 
/**
 * The trace.
 */
trace_id: string, 
/**
 * Name of its root span, or of the first one where the root is missing.
 */
name: string, 
/**
 * Service of that span.
 */
service: string, 
/**
 * Route of that span: `http.route`.
 */
route: string | null, 
/**
 * When it began.
 */
start: Timestamp, 
/**
 * From the begin of its first span to the end of its last, in nanoseconds.
 */
duration_ns: number, 
/**
 * How many spans it has.
 */
spans: number, 
/**
 * How many of them failed.
 */
errors: number, 
/**
 * Who took part, the busiest first.
 */
services: Array<ServiceSpans>, 
/**
 * No span without a parent was received.
 */
root_missing: boolean, 
/**
 * Status code of the root span's answer.
 */
status_code: number | null, };
export type TracesListRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * Which traces.
 */
query: TraceQuery, };
export type TracesMapRequest = { 
/**
 * The environment's identity.
 */
environment: string, 
/**
 * The run; absent: the present one, or the newest that is kept.
 */
run?: string | null, 
/**
 * Only traces that began at this time or later.
 */
since?: Timestamp | null, 
/**
 * Only traces that began before this time.
 */
until?: Timestamp | null, };
export type Transition = { 
/**
 * The run it belongs to.
 */
run: string, 
/**
 * Name of the service.
 */
service: string, 
/**
 * Number of the start it happened in.
 */
generation: number, 
/**
 * When.
 */
at: Timestamp, 
/**
 * The state entered.
 */
lifecycle: Lifecycle, 
/**
 * The health entered.
 */
health: Health, 
/**
 * What a person saw from then on.
 */
status: Status, 
/**
 * Why, one sentence.
 */
cause: string, };
export type UpdatesAutomaticRequest = { 
/**
 * Whether it does.
 */
on: boolean, };
export type UpdatesCheckRequest = Record<symbol, never>;
export type UpdatesChecked = { 
/**
 * The version that runs.
 */
running: string, 
/**
 * A release that is newer; absent: there is none.
 */
newer: Release | null, };
export type UpdatesStatus = { 
/**
 * Where releases are told of; absent: this build was made without such a place.
 */
address: string | null, 
/**
 * Whether the window asks when it opens. Off until somebody turns it on.
 */
automatic: boolean, };
export type UpdatesStatusRequest = Record<symbol, never>;
export type Variable = { 
/**
 * Its name.
 */
key: string, 
/**
 * Its value, or the mask.
 */
value: string, 
/**
 * The value is masked.
 */
secret: boolean, 
/**
 * Added by Benchtop, not written in the file.
 */
injected: boolean, };
export type Verdict = "pass" | "warn" | "fail";

export const PROTOCOL = 1;

export type Methods = {
  "engine.info": { request: EngineInfoRequest; response: EngineInfo };
  "engine.stop": { request: EngineStopRequest; response: Empty };
  "environment.list": { request: EnvironmentListRequest; response: Array<Environment> };
  "environment.open": { request: EnvironmentOpenRequest; response: Environment };
  "environment.check": { request: EnvironmentCheckRequest; response: CheckReport };
  "folder.inspect": { request: FolderInspectRequest; response: FolderReport };
  "definition.import": { request: DefinitionImportRequest; response: ImportReport };
  "environment.status": { request: EnvironmentStatusRequest; response: EnvironmentView };
  "environment.up": { request: EnvironmentUpRequest; response: StartReport };
  "environment.changes": { request: EnvironmentChangesRequest; response: DefinitionChanges };
  "environment.apply": { request: EnvironmentApplyRequest; response: Empty };
  "environment.down": { request: EnvironmentDownRequest; response: Empty };
  "service.start": { request: ServiceStartRequest; response: Empty };
  "service.stop": { request: ServiceStopRequest; response: Empty };
  "service.restart": { request: ServiceRestartRequest; response: Empty };
  "service.rebuild": { request: ServiceRebuildRequest; response: Empty };
  "service.cancel": { request: ServiceCancelRequest; response: Empty };
  "service.probe": { request: ServiceProbeRequest; response: Empty };
  "service.details": { request: ServiceDetailsRequest; response: ServiceDetails };
  "service.kafka": { request: ServiceKafkaRequest; response: KafkaView };
  "service.flink": { request: ServiceFlinkRequest; response: FlinkView };
  "service.temporal": { request: ServiceTemporalRequest; response: TemporalView };
  "flink.submit": { request: FlinkSubmitRequest; response: FlinkSubmitted };
  "flink.cancel": { request: FlinkCancelRequest; response: Empty };
  "environment.diagnosis": { request: EnvironmentDiagnosisRequest; response: DiagnosisReport };
  "service.use_port": { request: ServiceUsePortRequest; response: Empty };
  "port.free": { request: PortFreeRequest; response: Empty };
  "doctor.run": { request: DoctorRunRequest; response: DoctorReport };
  "doctor.clean": { request: DoctorCleanRequest; response: DoctorCleaned };
  "report.preview": { request: ReportPreviewRequest; response: ReportPreview };
  "report.write": { request: ReportWriteRequest; response: ReportWritten };
  "file.open": { request: FileOpenRequest; response: Empty };
  "logs.query": { request: LogsQueryRequest; response: LogPage };
  "logs.histogram": { request: LogsHistogramRequest; response: LogHistogram };
  "logs.context": { request: LogsContextRequest; response: LogPage };
  "logs.patterns": { request: LogsPatternsRequest; response: LogPatterns };
  "logs.export": { request: LogsExportRequest; response: LogsExported };
  "metrics.list": { request: MetricsListRequest; response: MetricList };
  "metrics.query": { request: MetricsQueryRequest; response: MetricFrames };
  "metrics.pins": { request: MetricsPinsRequest; response: Array<PinnedChart> };
  "metrics.pin": { request: MetricsPinRequest; response: Empty };
  "traces.list": { request: TracesListRequest; response: TracePage };
  "traces.get": { request: TraceGetRequest; response: Trace };
  "traces.map": { request: TracesMapRequest; response: ServiceMap };
  "telemetry.status": { request: TelemetryStatusRequest; response: TelemetryStatus };
  "telemetry.export": { request: TelemetryExportRequest; response: TelemetryExported };
  "telemetry.import": { request: TelemetryImportRequest; response: TelemetryImported };
  "telemetry.forward": { request: TelemetryForwardRequest; response: Empty };
  "runs.list": { request: RunsListRequest; response: Array<Run> };
  "runs.show": { request: RunsShowRequest; response: RunDetails };
  "runs.annotate": { request: RunsAnnotateRequest; response: Run };
  "runs.export": { request: RunsExportRequest; response: RunExported };
  "runs.import": { request: RunsImportRequest; response: RunImported };
  "runs.compare": { request: RunsCompareRequest; response: RunComparison };
  "probes.history": { request: ProbesHistoryRequest; response: HealthHistory };
  "alerts.list": { request: AlertsListRequest; response: AlertList };
  "alerts.silence": { request: AlertsSilenceRequest; response: Empty };
  "scenarios.list": { request: ScenariosListRequest; response: ScenarioList };
  "scenario.run": { request: ScenarioRunRequest; response: ScenarioReport };
  "scenario.cancel": { request: ScenarioCancelRequest; response: Empty };
  "scenario.history": { request: ScenarioHistoryRequest; response: Array<ScenarioReport> };
  "runtime.list": { request: RuntimeListRequest; response: Array<RuntimeChoice> };
  "runtime.choose": { request: RuntimeChooseRequest; response: Empty };
  "updates.status": { request: UpdatesStatusRequest; response: UpdatesStatus };
  "updates.automatic": { request: UpdatesAutomaticRequest; response: Empty };
  "updates.check": { request: UpdatesCheckRequest; response: UpdatesChecked };
};
