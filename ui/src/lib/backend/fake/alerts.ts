// Alerts of the simulated environment: one where trouble begins, closed when it is over.
import type { Alert, AlertList, AlertNewsKind, ServiceView, Silence, SilenceLength } from "../../bindings";
import { diagnose } from "./diagnosis";

type Tell = (news: AlertNewsKind, alert: Alert) => void;
const ill = ({ status }: ServiceView): boolean => status === "Degraded" || status === "Unhealthy";

export class FakeAlerts {
  readonly silences = new Map<string, Silence>();
  #alerts: Alert[] = [];

  /** One that is over already, and whatever is wrong at the beginning. */
  begin(services: readonly ServiceView[], run: string, now: number): void {
    const redis = services.find(({ name }) => name === "redis");
    if (redis && redis.status === "Healthy")
      this.#alerts.push({ run, number: 1, service: "redis", status: "Unhealthy", cause: "ready probe fails: connection refused", next: null, affected: ["order-service"], since: now - 1_900_000, closed: now - 1_858_000, ending: "recovered", times: 2 });
    this.follow(services, run, now, () => {});
  }

  /** Makes the alerts fit the services. */
  follow(services: readonly ServiceView[], run: string, now: number, tell: Tell): void {
    for (const alert of this.#open()) {
      const service = services.find(({ name }) => name === alert.service);
      if (service && (ill(service) || service.status === "Starting")) continue;
      Object.assign(alert, { closed: now, ending: service?.status === "Healthy" ? "recovered" : "stopped" });
      tell("closed", alert);
    }
    const troubled = services.filter(ill);
    for (const service of troubled) {
      const cause = troubled.find(({ name }) => service.depends_on.includes(name));
      if (cause) continue;
      const known = this.#open().find((alert) => alert.service === service.name);
      const affected = services.filter((other) => other.depends_on.includes(service.name) && (ill(other) || other.lifecycle === "Waiting")).map(({ name }) => name);
      if (known) Object.assign(known, { affected: [...new Set([...known.affected, ...affected])].sort(), status: service.status });
      else if (!this.silences.has(service.name)) {
        const why = diagnose([...services], () => undefined).diagnoses.find((found) => found.service === service.name);
        const alert: Alert = { run, number: this.#alerts.length + 1, service: service.name, status: service.status, cause: why?.sentence ?? service.reason ?? "the cause is not known", next: why?.next ?? null, affected, since: service.since, closed: null, ending: null, times: 1 };
        this.#alerts.push(alert);
        tell("raised", alert);
      }
    }
  }

  get heard(): number {
    return this.#open().filter(({ service }) => !this.silences.has(service)).length;
  }

  list(run: string | null): AlertList {
    const all = this.#alerts.filter((alert) => alert.run === run).toReversed();
    return structuredClone({ run, alerts: [...all.filter(({ closed }) => closed === null), ...all.filter(({ closed }) => closed !== null)], silences: [...this.silences.values()] });
  }

  silence(service: string, length: SilenceLength, run: string, now: number): void {
    if (length.type === "off") this.silences.delete(service);
    else this.silences.set(service, { service, until: length.type === "time" ? now + length.length : null, run: length.type === "run" ? run : null });
  }

  #open(): Alert[] {
    return this.#alerts.filter(({ closed }) => closed === null);
  }
}
