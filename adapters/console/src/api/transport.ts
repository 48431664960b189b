import type { Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";

/** The API of the server this page came from; the cookie says who asks. */
export function createTransport(): Transport {
  return createConnectTransport({
    baseUrl: window.location.origin,
    useBinaryFormat: true,
    fetch: (input, init) => window.fetch(input, { ...init, credentials: "same-origin" }),
  });
}
