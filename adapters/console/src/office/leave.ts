import type { QueryClient } from "@tanstack/react-query";
import { isSignedOut } from "../api/fault";
import type { createOfficeRouter } from "./router";

/** Goes to the sign-in page as soon as any call says that the session is over, and back afterwards. */
export function leaveWhenSignedOut(queries: QueryClient, router: ReturnType<typeof createOfficeRouter>): void {
  const leave = (error: unknown) => {
    if (!isSignedOut(error) || router.state.location.pathname.startsWith("/signin")) return;
    void router.navigate({ to: "/signin", search: { next: router.state.location.href }, replace: true });
  };
  queries.getQueryCache().subscribe((event) => {
    if (event.type === "updated" && event.action.type === "error") leave(event.action.error);
  });
  queries.getMutationCache().subscribe((event) => {
    if (event.type === "updated" && event.action.type === "error") leave(event.action.error);
  });
}
