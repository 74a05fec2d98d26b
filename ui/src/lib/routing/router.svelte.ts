// The current route as state, kept equal to the address.
import { formatRoute, parseRoute, type Route } from "./route";

export class Router {
  current: Route = $state.raw({ view: "start" });

  constructor() {
    this.current = parseRoute(location.hash);
    window.addEventListener("hashchange", () => this.#read());
  }

  /** Opens a view; the one before stays in the history. */
  go(route: Route): void {
    this.current = route;
    if (location.hash !== formatRoute(route)) location.hash = formatRoute(route);
  }

  /** Changes what the view shows without a new entry in the history. */
  refine(route: Route): void {
    this.current = route;
    history.replaceState(null, "", formatRoute(route));
  }

  /** Opens an address that came from outside. */
  open(address: string): void {
    this.go(parseRoute(address));
  }

  #read(): void {
    if (formatRoute(this.current) !== location.hash) this.current = parseRoute(location.hash);
  }
}
