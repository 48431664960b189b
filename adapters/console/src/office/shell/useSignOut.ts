import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { AccountService } from "../../gen/kohomai/v1/account_pb";
import { forgetAll } from "../session";

/** Ends the session and forgets what was loaded for it. */
export function useSignOut(): () => void {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const signOut = useMutation(AccountService.method.signOut, {
    onSettled: async () => {
      await navigate({ to: "/signin", search: {} });
      forgetAll(queries);
    },
  });
  return () => signOut.mutate({});
}
