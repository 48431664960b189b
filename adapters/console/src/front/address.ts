// Where in the front-office we are. Two kinds of places do not need a router;
// a lead's phone is spared one.
import { useSyncExternalStore } from "react";

export type Place = { at: "home" } | { at: "activity"; runId: string } | { at: "nowhere" };

/** Reads an address below /f. */
export function placeOf(pathname: string): Place {
  const rest = pathname.replace(/^\/f(\/|$)/, "").replace(/\/$/, "");
  if (rest === "" || /^journeys\/\d+$/.test(rest)) return { at: "home" };
  const run = /^activities\/(\d+)$/.exec(rest);
  if (run?.[1] !== undefined) return { at: "activity", runId: run[1] };
  return { at: "nowhere" };
}

export const homeAddress = "/f/";

export function activityAddress(runId: string): string {
  return `/f/activities/${runId}`;
}

const moved = "kohomai:moved";

/** Goes to another place without loading the page anew. */
export function go(address: string, how: "push" | "replace" = "push"): void {
  if (how === "push") window.history.pushState(null, "", address);
  else window.history.replaceState(null, "", address);
  window.scrollTo(0, 0);
  window.dispatchEvent(new Event(moved));
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("popstate", listener);
  window.addEventListener(moved, listener);
  return () => {
    window.removeEventListener("popstate", listener);
    window.removeEventListener(moved, listener);
  };
}

export function usePathname(): string {
  return useSyncExternalStore(subscribe, () => window.location.pathname);
}
