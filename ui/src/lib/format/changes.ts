// What a change of the definition means, in words.
import type { ChangeAction, ServiceChange } from "../bindings";

const ACTIONS: Record<ChangeAction, string> = {
  start: "will be started",
  stop: "will be stopped",
  restart: "will be restarted",
  recreate: "will be made anew",
  none: "goes on as it is",
};

export function actionText(action: ChangeAction): string {
  return ACTIONS[action];
}

const NEEDS: [ChangeAction[], string][] = [[["restart", "recreate"], "restart needed for"], [["start"], "to start:"], [["stop"], "to stop:"]];
const SHOWN = 4;

/** `restart needed for auth-service, to stop: mailer`; null where nothing has to happen. */
export function needText(changes: readonly ServiceChange[]): string | null {
  const parts = NEEDS.flatMap(([actions, words]) => {
    const names = changes.filter(({ action }) => actions.includes(action)).map(({ service }) => service);
    return names.length ? [`${words} ${listed(names)}`] : [];
  });
  return parts.length ? parts.join("; ") : null;
}

/** The first few names and how many more there are. */
export function listed(names: readonly string[]): string {
  return names.length > SHOWN ? `${names.slice(0, SHOWN).join(", ")} and ${names.length - SHOWN} more` : names.join(", ");
}
