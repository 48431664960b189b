// Who is signed in, as the pages and the router ask for it.
import { createConnectQueryKey, callUnaryMethod, useQuery } from "@connectrpc/connect-query";
import type { QueryClient } from "@tanstack/react-query";
import type { Transport } from "@connectrpc/connect";
import { AccountService, type GetMeResponse, type Me } from "../gen/kohomai/v1/account_pb";
import { Role } from "../gen/kohomai/v1/catalog_pb";

const method = AccountService.method.getMe;

function key(transport: Transport) {
  return createConnectQueryKey({ schema: method, input: {}, transport, cardinality: "finite" });
}

/** Asks who is signed in, once per page load; throws when nobody is. */
export async function ensureMe(queries: QueryClient, transport: Transport): Promise<void> {
  await queries.query<GetMeResponse>({
    queryKey: key(transport),
    queryFn: ({ signal }) => callUnaryMethod(transport, method, {}, { signal }),
    staleTime: "static",
    retry: false,
  });
}

/** Forgets everything that was loaded for the person who left. */
export function forgetAll(queries: QueryClient): void {
  queries.clear();
}

/** Who is signed in; undefined only while that is being asked. */
export function useMe(): Me | undefined {
  return useQuery(method, {}, { staleTime: 60_000 }).data?.me;
}

/** Whether the person may change settings of the workspace. */
export function isAdministrator(me: Me | undefined): boolean {
  return me?.user?.role === Role.ADMINISTRATOR;
}

/** Whether the person may read what a sandbox caught instead of sending it. */
export function readsMail(me: Me | undefined): boolean {
  return me?.workspace?.sandbox === true && isAdministrator(me);
}
