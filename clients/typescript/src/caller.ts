import { KohomaiError, problem } from "./error.js";
import { attemptsOf, pause, repeatable, wait, type Retries } from "./retry.js";

/** What a client is made of. */
export interface ClientOptions extends Retries {
  /** Address of the server, such as https://kohomai.example.com. */
  url: string;
  /** API key, such as koh_live_… or koh_test_…. Secret keys belong on a server, never in a page. */
  key: string;
  /** Milliseconds that one attempt may take; 30,000 if not given. What takes longer is tried again. */
  timeout?: number;
  /** Replaces the global fetch. */
  fetch?: typeof fetch;
}

/** What may be said about one call. */
export interface CallOptions {
  /** The idempotency key of a POST or PATCH, such as the id of your order; a random one if not given. All attempts share it. */
  idempotencyKey?: string;
  /** Ends the call, and waiting between attempts, with the signal's reason. */
  signal?: AbortSignal;
  /** Sees the response of a success before its body is read, such as for its ETag. */
  onResponse?: (response: Response) => void;
}

const defaultTimeout = 30_000;

/** Makes the calls: one request for each attempt. */
export abstract class Caller {
  protected readonly options: ClientOptions;
  readonly #base: string;

  constructor(options: ClientOptions) {
    const url = new URL(options.url); // throws on what is no address
    if (url.protocol !== "https:" && url.protocol !== "http:") throw new TypeError("url: an http or https address is needed");
    if (!/^[!-~]+$/.test(options.key)) throw new TypeError("key: an API key is needed, such as koh_test_…");
    this.options = options;
    this.#base = url.href.replace(/\/$/, "") + "/api/v1";
  }

  /** Calls an operation. Arguments that stand in braces in the path go there, body and ifMatch to their places, the rest into the query. */
  protected async call<T>(verb: string, path: string, args: Record<string, unknown>, options: CallOptions): Promise<T> {
    const { body, ifMatch, ...rest } = args;
    const headers = new Headers({ Authorization: `Bearer ${this.options.key}`, Accept: "application/json" });
    if (body !== undefined) headers.set("Content-Type", "application/json");
    if (typeof ifMatch === "string") headers.set("If-Match", ifMatch);
    if (verb === "POST" || verb === "PATCH") {
      headers.set("Idempotency-Key", options.idempotencyKey ?? randomKey());
    }
    const init: RequestInit = { method: verb, headers, body: body === undefined ? null : JSON.stringify(body) };
    const url = this.#base + address(path, rest);
    const most = attemptsOf(this.options);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once<T>(url, init, options);
      } catch (failed) {
        if (!(failed instanceof KohomaiError) || attempt >= most || !repeatable(verb, failed)) throw failed;
        await pause(wait(attempt, failed.retryAfter, this.options), options.signal, this.options);
      }
    }
  }

  async #once<T>(url: string, init: RequestInit, options: CallOptions): Promise<T> {
    options.signal?.throwIfAborted();
    const ends = new AbortController();
    const stop = () => ends.abort();
    const timer = setTimeout(stop, this.options.timeout ?? defaultTimeout);
    options.signal?.addEventListener("abort", stop);
    try {
      const response = await (this.options.fetch ?? fetch)(url, { ...init, signal: ends.signal });
      if (!response.ok) throw problem(response, await response.text(), Date.now());
      options.onResponse?.(response);
      const text = await response.text();
      return (text === "" ? undefined : JSON.parse(text)) as T;
    } catch (failed) {
      options.signal?.throwIfAborted();
      if (failed instanceof KohomaiError) throw failed;
      const detail = ends.signal.aborted ? "the server did not answer in time" : "the server was not reached, or did not finish its answer";
      throw new KohomaiError({ kind: "Network", status: 0, detail, cause: failed });
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", stop);
    }
  }

  /** Reads a list to its end. */
  protected async *pages<Page extends { NextPageToken: string | null }, Item>(
    read: (from: { PageToken?: string }) => Promise<Page>,
    items: (page: Page) => Item[],
  ): AsyncGenerator<Item, void, undefined> {
    let from: { PageToken?: string } = {};
    for (;;) {
      const page = await read(from);
      yield* items(page);
      if (!page.NextPageToken) return;
      from = { PageToken: page.NextPageToken };
    }
  }
}

/** The path with its parameters and the query. A list is a parameter repeated; what is undefined or null is left out. */
function address(path: string, args: Record<string, unknown>): string {
  const query = new URLSearchParams();
  const inPath = new Set<string>();
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = args[name];
    if (value === undefined || value === null || value === "") throw new TypeError(`${name} is missing`);
    inPath.add(name);
    return encodeURIComponent(String(value));
  });
  for (const [name, value] of Object.entries(args)) {
    if (inPath.has(name)) continue;
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) query.append(name, String(one));
    }
  }
  const text = query.toString();
  return text === "" ? filled : `${filled}?${text}`;
}

/** 128 random bits. crypto.randomUUID is missing in browsers over plain http. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}
