import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Code } from "@connectrpc/connect";
import { faultOf } from "../../api/fault";
import { AccountService } from "../../gen/kohomai/v1/account_pb";
import { FaultNotice } from "../ui/FaultNotice";
import classes from "./SignInPage.module.css";

const route = getRouteApi("/signin");

/** The way in: by the link of an invitation, confirmed by a press, or by password. */
export function SignInPage() {
  const { t } = useTranslation("office");
  const { token } = route.useSearch();
  const [byPassword, setByPassword] = useState(false);
  const title = t("signIn.title");
  useEffect(() => {
    document.title = `${title} · kohomai`;
  }, [title]);
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <div className={classes.brand}>
          <img src="/p/icon.svg" alt="" width={28} height={28} />
          kohomai
        </div>
        {token !== undefined && !byPassword ? (
          <ByLink token={token} toPassword={() => setByPassword(true)} />
        ) : (
          <ByPassword />
        )}
      </div>
    </main>
  );
}

/** After signing in: on to where the person was going, with nothing kept of who was here before. */
function useEnter(): () => Promise<void> {
  const { next } = route.useSearch();
  const queries = useQueryClient();
  const router = useRouter();
  return async () => {
    queries.clear();
    if (next === undefined) await router.navigate({ to: "/", replace: true });
    else await router.navigate({ href: `/p${next}`, replace: true });
  };
}

function ByLink({ token, toPassword }: { token: string; toPassword: () => void }) {
  const { t } = useTranslation("office");
  const enter = useEnter();
  const signIn = useMutation(AccountService.method.signInWithLink, { onSuccess: enter });
  const refused = signIn.isError && faultOf(signIn.error).kind !== Code.Unavailable;
  return (
    <>
      <h1 className={classes.title}>{t("signIn.linkTitle")}</h1>
      {refused ? (
        <div role="alert">
          <p>
            <strong>{t("signIn.linkFailed")}</strong>
          </p>
          <p className={classes.quiet}>{t("signIn.linkFailedDetail")}</p>
        </div>
      ) : (
        <>
          <p className={classes.quiet}>{t("signIn.linkDetail")}</p>
          <FaultNotice title={t("signIn.linkTitle")} error={signIn.error} />
          <Button size="md" loading={signIn.isPending} onClick={() => signIn.mutate({ token })}>
            {t("signIn.linkButton")}
          </Button>
        </>
      )}
      <Button variant="subtle" onClick={toPassword}>
        {t("signIn.another")}
      </Button>
    </>
  );
}

function ByPassword() {
  const { t } = useTranslation("office");
  const { next } = route.useSearch();
  const enter = useEnter();
  const signIn = useMutation(AccountService.method.signInWithPassword, { onSuccess: enter });
  const form = useForm({ initialValues: { email: "", password: "" } });
  const wrong = signIn.isError && faultOf(signIn.error).kind === Code.Unauthenticated;
  return (
    <>
      <h1 className={classes.title}>{t("signIn.title")}</h1>
      {next !== undefined && <p className={classes.quiet}>{t("signIn.ended")}</p>}
      <form className={classes.form} onSubmit={form.onSubmit((values) => signIn.mutate(values))}>
        {wrong ? (
          <FaultNotice title={t("signIn.failed")} error={signIn.error} />
        ) : (
          <FaultNotice title={t("signIn.title")} error={signIn.error} />
        )}
        <TextInput label={t("signIn.email")} type="email" autoComplete="username" required {...form.getInputProps("email")} />
        <PasswordInput
          label={t("signIn.password")}
          autoComplete="current-password"
          required
          {...form.getInputProps("password")}
        />
        <Button type="submit" size="md" loading={signIn.isPending}>
          {t("signIn.button")}
        </Button>
      </form>
      <div className={classes.aside}>
        <p>
          <strong>{t("signIn.noPassword")}</strong> {t("signIn.noPasswordDetail")}
        </p>
      </div>
    </>
  );
}
