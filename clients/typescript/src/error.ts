/** What kind of refusal or failure it is: those of the documented table of problems, and Network for a server that was not reached or did not finish its answer. */
export type Kind =
  | "Network"
  | "Malformed"
  | "Unauthenticated"
  | "Forbidden"
  | "NotFound"
  | "MethodNotAllowed"
  | "Conflict"
  | "Stale"
  | "TooLarge"
  | "MediaType"
  | "Invalid"
  | "Provider"
  | "PreconditionRequired"
  | "Limited"
  | "Unavailable"
  | "Internal";

const kinds: Readonly<Record<number, Kind>> = {
  400: "Malformed",
  401: "Unauthenticated",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  409: "Conflict",
  412: "Stale",
  413: "TooLarge",
  415: "MediaType",
  422: "Invalid",
  424: "Provider",
  428: "PreconditionRequired",
  429: "Limited",
  503: "Unavailable",
};

/** One wrong field of a request. */
export interface FieldError {
  /** Its JSON path, such as JourneyData[0].Name. */
  Field: string;
  /** The stable word for what is wrong. */
  Code: string;
  /** For people; its words may change. */
  Message: string;
}

/** A call refused or failed. Decide by kind and Code. */
export class KohomaiError extends Error {
  override readonly name = "KohomaiError";
  readonly kind: Kind;
  /** The HTTP status; 0 for Network. */
  readonly status: number;
  /** The stable word for the cause, as /docs/problems lists them; empty when the answer was not kohomai's. */
  readonly Code: string;
  /** Names the request when you ask about it; empty when nobody answered. */
  readonly RequestId: string;
  /** All wrong fields of the request at once. */
  readonly Errors: readonly FieldError[];
  /** How many seconds the server asked to wait; undefined when it did not. */
  readonly retryAfter: number | undefined;

  constructor(about: {
    kind: Kind;
    status: number;
    detail: string;
    Code?: string;
    RequestId?: string;
    Errors?: readonly FieldError[];
    retryAfter?: number | undefined;
    cause?: unknown;
  }) {
    const fields = (about.Errors ?? []).map((e) => `; ${e.Field}: ${e.Message}`).join("");
    super(`${about.Code || about.kind}: ${about.detail}${fields}`, { cause: about.cause });
    this.kind = about.kind;
    this.status = about.status;
    this.Code = about.Code ?? "";
    this.RequestId = about.RequestId ?? "";
    this.Errors = about.Errors ?? [];
    this.retryAfter = about.retryAfter;
  }

  /** Whether the same request may succeed a moment later. */
  get temporary(): boolean {
    return (
      this.kind === "Network" || this.status === 429 || this.status >= 500 || this.Code === "idempotency_key_in_use"
    );
  }
}

function isObject(v: unknown): v is Record<string, unknown> {
  return typeof v === "object" && v !== null;
}

function text(v: unknown): string {
  return typeof v === "string" ? v : "";
}

/** Reads the problem that a response holds. */
export function problem(response: Response, body: string, now: number): KohomaiError {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = undefined; // not kohomai's, such as a proxy's page
  }
  const p = isObject(parsed) ? parsed : {};
  const fields = Array.isArray(p["Errors"]) ? p["Errors"].filter(isObject) : [];
  return new KohomaiError({
    kind: kinds[response.status] ?? (response.status >= 500 ? "Internal" : "Malformed"),
    status: response.status,
    detail: text(p["detail"]) || `the server answered ${response.status}`,
    Code: text(p["Code"]),
    RequestId: text(p["RequestId"]) || (response.headers.get("Request-Id") ?? ""),
    Errors: fields.map((f) => ({ Field: text(f["Field"]), Code: text(f["Code"]), Message: text(f["Message"]) })),
    retryAfter: retryAfter(response.headers.get("Retry-After"), now),
  });
}

/** The header in seconds: a number of them, or a date. */
function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header)) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - now) / 1000);
}
