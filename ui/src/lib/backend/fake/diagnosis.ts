// What the simulated engine says about services in trouble: the shapes of the real one.
import type { Action, Diagnosis, DiagnosisReport, LogRecord, ServiceView } from "../../bindings";

/** The newest line of a service. */
type LastLine = (service: string) => LogRecord | undefined;

export function diagnose(services: readonly ServiceView[], lastLine: LastLine): DiagnosisReport {
  const inTrouble = services.filter((service) => service.status === "Unhealthy" || service.status === "Degraded" || service.lifecycle === "Waiting");
  const diagnoses = inTrouble.map((service) => diagnosis(service, inTrouble, lastLine));
  return { diagnoses: diagnoses.toSorted((one, other) => one.chain.length - other.chain.length), problems: [] };
}

function diagnosis(service: ServiceView, inTrouble: readonly ServiceView[], lastLine: LastLine): Diagnosis {
  const reason = service.reason ?? "The cause is not known";
  const own: Diagnosis = {
    service: service.name, status: service.status, rule: null, sentence: reason, next: "Read its last lines", root: null, chain: [],
    evidence: service.exit_code ? [{ type: "exit", text: `exited with code ${service.exit_code}` }] : [],
    actions: [{ type: "restart", service: service.name }],
  };
  const blamed = service.lifecycle === "Waiting" ? inTrouble.find((other) => service.depends_on.includes(other.name)) : undefined;
  if (blamed) {
    const root = diagnosis(blamed, inTrouble, lastLine);
    return { ...own, sentence: `waits for ${blamed.name}; the cause is ${blamed.name}: ${root.sentence}`, next: root.next, root: blamed.name, chain: [service.name, blamed.name], evidence: [{ type: "dependency", service: blamed.name, status: blamed.status }], actions: root.actions };
  }
  const held = /port (\d+) is held by pid (\d+) (\w+)/.exec(reason);
  return held ? heldPort(own, Number(held[1]), Number(held[2]), held[3]!, lastLine(service.name)?.seq ?? 1) : own;
}

function heldPort(own: Diagnosis, port: number, pid: number, program: string, seq: number): Diagnosis {
  const actions: Action[] = [{ type: "show_line", seq }, { type: "free_port", port, pid, program }, { type: "use_port", service: own.service, port, instead: port + 1 }, { type: "restart", service: own.service }, { type: "copy", command: `ss -ltnp sport = :${port}` }];
  return {
    ...own, rule: "port-held", sentence: `port ${port} is held by ${program} (pid ${pid})`, next: `End ${program} or give the endpoint another port, such as ${port + 1}`, actions,
    evidence: [...own.evidence, { type: "line", service: own.service, seq, text: `Error: listen EADDRINUSE: address already in use :::${port}` }],
  };
}
