import { Code, ConnectError } from "@connectrpc/connect";
import { QueryClient } from "@tanstack/react-query";
import { isOffline } from "./fault";

const maxTries = 3;

/** Server state: fresh for a moment, tried again only where trying again can help. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        retry: (failures, error) => failures < maxTries && worthRetrying(error),
        retryDelay: (attempt) => Math.min(500 * 2 ** attempt, 4_000),
      },
      mutations: { retry: false },
    },
  });
}

function worthRetrying(error: unknown): boolean {
  return isOffline(error) || ConnectError.from(error).code === Code.ResourceExhausted;
}
