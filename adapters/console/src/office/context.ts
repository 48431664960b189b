import type { Transport } from "@connectrpc/connect";
import type { QueryClient } from "@tanstack/react-query";

/** What routes may use before they show anything. */
export interface RouterContext {
  queries: QueryClient;
  transport: Transport;
}
