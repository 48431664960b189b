/** A message that a webhook endpoint is sent. */
export interface WebhookMessage {
  /** Name of the event, such as journey.converted. */
  type: string;
  /** When it happened. */
  timestamp: string;
  data: {
    Id: number;
    /** Counts the events of a journey from 1 without a gap; null for events of a lead or workspace. */
    Sequence: number | null;
    Workspace: { Id: number };
    Lead: { Id: number } | null;
    /** With its status just after the event. */
    Journey: { Id: number; Status: string } | null;
    Activity: { Id: number; Key: string; Name: string; Connector: string; Stage: string; Visit: number } | null;
    /** Of endpoint.disabled only. */
    Endpoint?: { Id: number; Reason: string };
  };
}

/** A message is not from kohomai, is too old, or was changed. */
export class WebhookVerificationError extends Error {
  override readonly name = "WebhookVerificationError";
}

/** How a message is verified. */
export interface VerifyOptions {
  /** How many seconds its timestamp may be away; 300 if not given. */
  tolerance?: number;
  /** The time in milliseconds; Date.now() if not given. */
  now?: number;
}

/** The headers of a request: those of fetch, or the object of Node.js with lower-case names. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | string[] | undefined>>;

/**
 * Verifies a message by Standard Webhooks and reads it. Give the body exactly as it came, and the endpoint's secret; give the old
 * and the new one while you change them. Keep the header webhook-id and drop what comes twice.
 */
export async function verifyWebhook(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  secrets: string | readonly string[],
  options: VerifyOptions = {},
): Promise<WebhookMessage> {
  const id = header(headers, "webhook-id");
  const timestamp = header(headers, "webhook-timestamp");
  const signatures = header(headers, "webhook-signature");
  if (!id || !/^\d+$/.test(timestamp) || !signatures) throw new WebhookVerificationError("the headers of a webhook message are missing");
  const age = (options.now ?? Date.now()) / 1000 - Number(timestamp);
  if (Math.abs(age) > (options.tolerance ?? 300)) {
    throw new WebhookVerificationError(age > 0 ? "the message is too old" : "the message is from later");
  }
  const raw = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const head = new TextEncoder().encode(`${id}.${timestamp}.`);
  const signed = new Uint8Array(head.length + raw.length);
  signed.set(head);
  signed.set(raw, head.length);
  const given = signatures.split(" ").flatMap((s) => {
    const [version, value] = s.split(",");
    const bytes = version === "v1" && value ? base64(value) : undefined;
    return bytes ? [bytes] : [];
  });
  for (const secret of typeof secrets === "string" ? [secrets] : secrets) {
    const bytes = base64(secret.replace(/^whsec_/, ""));
    if (!bytes || bytes.length === 0) throw new TypeError("a secret begins with whsec_ and is base64");
    const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
    for (const signature of given) {
      if (await crypto.subtle.verify("HMAC", key, signature, signed)) {
        return JSON.parse(new TextDecoder().decode(raw)) as WebhookMessage;
      }
    }
  }
  throw new WebhookVerificationError("no signature matches");
}

function header(headers: WebhookHeaders, name: string): string {
  if (headers instanceof Headers) return headers.get(name) ?? "";
  const value = headers[name];
  return typeof value === "string" ? value : (value?.[0] ?? "");
}

function base64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  } catch {
    return undefined;
  }
}
