import type { KohomaiError } from "./error.js";

/** How calls are repeated. */
export interface Retries {
  /** How often a call is tried at most, the first time included; 4 if not given, 1 never repeats. */
  attempts?: number;
  /** Waits some milliseconds; a timer if not given. Tests replace it. */
  sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** In [0, 1); Math.random if not given. */
  random?: () => number;
}

const firstWait = 250;
const mostWait = 8_000;
const mostRetryAfter = 60;

export function attemptsOf(r: Retries): number {
  return Math.max(1, r.attempts ?? 4);
}

/**
 * Whether a request may be sent again. GET may always, POST and PATCH have their idempotency key. A PUT or DELETE
 * whose answer was lost would meet its own change, so that they are repeated only when nothing was done.
 */
export function repeatable(verb: string, failed: KohomaiError): boolean {
  if (!failed.temporary || (failed.retryAfter ?? 0) > mostRetryAfter) return false;
  return verb === "GET" || verb === "POST" || verb === "PATCH" || failed.status === 429;
}

/** Milliseconds to wait after an attempt: what the server asked for, and a random part of a growing pause, so that callers do not come back together. */
export function wait(attempt: number, retryAfter: number | undefined, r: Retries): number {
  const most = Math.min(firstWait * 2 ** (attempt - 1), mostWait);
  return (retryAfter ?? 0) * 1000 + (r.random ?? Math.random)() * most;
}

/** Waits, and throws the signal's reason when it is aborted. */
export async function pause(milliseconds: number, signal: AbortSignal | undefined, r: Retries): Promise<void> {
  signal?.throwIfAborted();
  await (r.sleep ?? sleep)(milliseconds, signal);
  signal?.throwIfAborted();
}

function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end);
  });
}
