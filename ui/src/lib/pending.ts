// Requests and answers that the engine is about to know. Goes when bindings.ts has them.
import type { Empty, Methods as MethodsNow, Problem } from "./bindings";

export type FieldChange = { path: string; from: string | null; to: string | null };
export type ChangeKind = "added" | "removed" | "changed";
export type ChangeAction = "start" | "stop" | "restart" | "none" | "recreate";
export type ServiceChange = { service: string; kind: ChangeKind; action: ChangeAction; fields: FieldChange[] };
export type DefinitionChanges = { changes: ServiceChange[]; problems: Problem[] };

export type Methods = MethodsNow & {
  "environment.changes": { request: { environment: string }; response: DefinitionChanges };
  "environment.apply": { request: { environment: string }; response: Empty };
};
