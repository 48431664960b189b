// What the addresses of lists may say after the question mark. Pure: reading
// never fails, what makes no sense is left out.
import { journeyStatuses, type JourneyWord } from "../ui/status";

export interface LeadsSearch {
  q?: string;
}

export interface JourneysSearch {
  q?: string;
  status?: JourneyWord[];
  funnel?: string;
}

export interface MailSearch {
  to?: string;
  mail?: string;
}

export interface SignInSearch {
  token?: string;
  next?: string;
}

type Raw = Record<string, unknown>;

function text(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

function id(value: unknown): string | undefined {
  const given = text(value);
  return given !== undefined && /^[1-9]\d{0,15}$/.test(given) ? given : undefined;
}

function isJourneyWord(value: unknown): value is JourneyWord {
  return typeof value === "string" && Object.hasOwn(journeyStatuses, value);
}

/** Leaves out what is undefined, so that addresses stay short. */
function present<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;
}

export function readLeadsSearch(raw: Raw): LeadsSearch {
  return present({ q: text(raw.q) });
}

export function readJourneysSearch(raw: Raw): JourneysSearch {
  const given = Array.isArray(raw.status) ? raw.status : [raw.status];
  const status = [...new Set(given.filter(isJourneyWord))];
  return present({ q: text(raw.q), status: status.length > 0 ? status : undefined, funnel: id(raw.funnel) });
}

export function readMailSearch(raw: Raw): MailSearch {
  return present({ to: text(raw.to), mail: id(raw.mail) });
}

/** Where to go after signing in: a path within the console, never another site. */
export function readSignInSearch(raw: Raw): SignInSearch {
  const next = text(raw.next);
  const safe = next !== undefined && /^\/(?![/\\])[^\\]*$/.test(next) ? next : undefined;
  return present({ token: text(raw.token), next: safe });
}
