// What the simulated engine finds on its machine: the shapes and words of the real one.
import type { DoctorCheck, DoctorCleaned, DoctorReport, Leftover, ReportPreview } from "../../bindings";
import type { Scenario } from "./scenarios";
import type { World } from "./world";

const removed = new WeakMap<World, Set<string>>();

const LEFT: readonly Leftover[] = [
  { id: "container:9f3c2b", kind: "container", name: "old-shop-postgres-1", why: "its project folder /home/dev/projects/old-shop is gone" },
  { id: "network:77ab01", kind: "network", name: "old-shop-3f6fbe56f5ea", why: "its project folder /home/dev/projects/old-shop is gone" },
  { id: "shim:4021:8812", kind: "shim", name: "worker (pid 4021)", why: "its environment has no use for it any more" },
];

type Part = Omit<DoctorCheck, "fix" | "details" | "action"> & Partial<DoctorCheck>;

export function examination(world: World, scenario: Scenario, at: number): DoctorReport {
  const trouble = scenario === "failing" || scenario === "no-runtime";
  const checks = (trouble ? troubled(world) : sound(world)).map((part): DoctorCheck => ({ fix: null, details: [], action: null, ...part }));
  const of = (state: DoctorCheck["state"]): number => checks.filter((check) => check.state === state).length;
  const metrics = { passed: of("pass"), warned: of("warn"), failed: of("fail"), skipped: of("skipped") };
  return { status: metrics.failed ? "fail" : metrics.warned ? "warn" : "pass", metrics, checks, took: 214, at };
}

/** One of them does not go: another program uses it. */
export function cleaned(world: World, items: readonly string[]): DoctorCleaned {
  const gone = removed.get(world) ?? new Set<string>();
  removed.set(world, gone);
  const kept = items.filter((id) => id.startsWith("network:")).map((id) => ({ id, why: "network old-shop-3f6fbe56f5ea has active endpoints" }));
  for (const id of items) if (!id.startsWith("network:")) gone.add(id);
  return { removed: items.filter((id) => !id.startsWith("network:")), kept };
}

function sound(world: World): Part[] {
  const { name, file } = world.environment;
  return [
    { id: "container-runtime", group: "runtime", title: "Runtime in use", state: "pass", reason: "Docker 28.2.2 is used, the first that answers in the documented order", details: [["unix:///var/run/docker.sock (default socket)", "used: Docker 28.2.2, API 1.50"]] },
    { id: "runtime-choice", group: "runtime", title: "Other runtimes", state: "pass", reason: "no other runtime answers" },
    { id: "runtime-socket", group: "runtime", title: "Socket permissions", state: "pass", reason: "this user may open unix:///var/run/docker.sock", details: [["unix:///var/run/docker.sock", "0660 root:docker"]] },
    { id: "runtime-clock", group: "runtime", title: "Clock", state: "pass", reason: "host and container runtime have the same time", details: [["difference", "3 ms"]] },
    { id: "disk", group: "machine", title: "Disk", state: "pass", reason: "212 GiB free on the file system of the data folder, project (/home/dev)", details: [["data folder, project (/home/dev)", "212 GiB of 468 GiB free"]] },
    { id: "memory", group: "machine", title: "Memory", state: "pass", reason: "19 GiB of 31 GiB available", details: [["for containers", "31 GiB"]] },
    { id: "cpus", group: "machine", title: "Processors", state: "pass", reason: "8 on this machine, 8 for containers" },
    { id: "open-files", group: "machine", title: "Open files", state: "pass", reason: "a program may have 65536 files open" },
    { id: "inotify", group: "machine", title: "Watched files", state: "pass", reason: "524288 files and folders by 1024 watchers" },
    { id: "cgroup", group: "machine", title: "Control groups", state: "pass", reason: "version 2" },
    { id: "loopback-ipv4", group: "network", title: "Loopback 127.0.0.1", state: "pass", reason: "connects to itself" },
    { id: "loopback-ipv6", group: "network", title: "Loopback ::1", state: "pass", reason: "connects to itself" },
    { id: "localhost", group: "network", title: "Name localhost", state: "pass", reason: "is 127.0.0.1 and ::1", details: [["localhost", "127.0.0.1, ::1"]] },
    { id: "host-name", group: "network", title: "Own host name", state: "pass", reason: "workstation is 127.0.1.1" },
    { id: "dns", group: "network", title: "Name servers", state: "pass", reason: "resolve registry-1.docker.io", details: [["name server", "127.0.0.53"]] },
    { id: "proxy", group: "network", title: "Proxy", state: "pass", reason: "none is set" },
    { id: "definition", group: "environment", title: "Environment file", state: "pass", reason: `${file} has no findings` },
    { id: "ports", group: "environment", title: "Ports", state: "pass", reason: "all 9 fixed ports are free or held by their own service", details: [[`${name} http (5000)`, "held at 127.0.0.1 by its own service"]] },
    { id: "programs", group: "environment", title: "Programs", state: "pass", reason: "the programs of all processes are there" },
    { id: "leftovers", group: "leftovers", title: "Without an owner", state: "pass", reason: "nothing of Benchtop is left without an owner" },
    { id: "versions", group: "benchtop", title: "Versions", state: "pass", reason: "engine and face are version 0.1.0", details: [["engine", "0.1.0, protocol 1, pid 4211"]] },
    { id: "data-folder", group: "benchtop", title: "Data folder", state: "pass", reason: "/home/dev/.local/share/benchtop takes 412 MiB" },
    { id: "history", group: "benchtop", title: "Run history", state: "pass", reason: "its file is sound" },
  ];
}

function troubled(world: World): Part[] {
  const left = LEFT.filter(({ id }) => !removed.get(world)?.has(id));
  const worse: Record<string, Partial<DoctorCheck>> = {
    "runtime-choice": { state: "warn", reason: "Podman 4.9.3 at unix:///run/user/1000/podman/podman.sock answers too, and nobody chose between them: Docker 28.2.2 is used because it comes first", fix: "say which one is meant: `benchtop runtime use ADDRESS`; other tools may take the other one", action: { type: "copy", command: "benchtop runtime use unix:///var/run/docker.sock" } },
    disk: { state: "warn", reason: "only 3.1 GiB free on the file system of the images and volumes (/var/lib/docker)", fix: "remove what is not needed: `docker system df` and `docker image prune` show and free the space of images", details: [["data folder, project (/home/dev)", "212 GiB of 468 GiB free"], ["images and volumes (/var/lib/docker)", "3.1 GiB of 64 GiB free"]] },
    "loopback-ipv6": { state: "warn", reason: "a connection of ::1 to itself fails: this machine does not have the address; a program that listens on [::1] or tries it first fails", fix: "give it back: `sudo sysctl net.ipv6.conf.lo.disable_ipv6=0`; or let the services listen on 127.0.0.1 and remove `::1 localhost` from /etc/hosts", action: { type: "copy", command: "sudo sysctl net.ipv6.conf.lo.disable_ipv6=0" } },
    proxy: { state: "warn", reason: "HTTP_PROXY is set and NO_PROXY does not cover ::1: services that call each other on this machine ask the proxy instead", fix: "before you start Benchtop: `export NO_PROXY=localhost,127.0.0.1,::1 no_proxy=localhost,127.0.0.1,::1`", details: [["HTTP_PROXY", "http://proxy.corp.example:3128"], ["NO_PROXY", "localhost,127.0.0.1"]] },
    ports: { state: "fail", reason: "port 5003 is held by pid 8112 (node), and payment-service needs it", fix: "stop that program or give payment-service another port", details: [["payment-service http (5003)", "held at 127.0.0.1 by pid 8112 (node)"]], action: { type: "free_port", port: 5003, pid: 8112, program: "node" } },
    history: { state: "skipped", reason: "it takes too long to read" },
  };
  if (left.length) worse.leftovers = { state: "warn", reason: `${left.length} things have no owner`, fix: "remove them: `benchtop doctor --clean`, or the button; nothing without Benchtop's label is touched", details: left.map(({ kind, name, why }) => [`${kind} ${name}`, why]), action: { type: "remove_leftovers", items: left } };
  return sound(world).map((check) => ({ ...check, ...worse[check.id] }));
}

/** What a report for a ticket would hold. */
export function preview(world: World): ReportPreview {
  const files: [string, number, string][] = [
    ["README.txt", 612, "what is in this archive"],
    ["doctor.txt", 2_890, "what `benchtop doctor` says"],
    ["doctor.json", 9_412, "the same for programs"],
    ["definition.json", 18_220, "the environment file as it was understood"],
    ["problems.json", 2, "findings in the environment file"],
    ["status.json", 31_004, "every service as it is now"],
    ["diagnosis.json", 1_870, "why services are not as they should be"],
    ["runs.json", 6_120, "the last runs"],
    ["transitions.json", 22_731, "every change of state of the newest run"],
    ["instances.json", 8_114, "every start and end of the newest run"],
    ...world.services.map(({ view }): [string, number, string] => [`logs/${view.name}.log`, 40_000, "the last lines of a service"]),
    ["engine.log", 15_320, "the end of the engine's own log"],
  ];
  return { entries: files.map(([name, bytes, what]) => ({ name, bytes, what })), masked: ["JWT_SECRET", "POSTGRES_PASSWORD", "STRIPE_API_KEY"] };
}
