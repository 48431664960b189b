import { Select } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { FunnelService, FunnelStatus } from "../../gen/kohomai/v1/funnel_pb";
import { journeyCurl, registerOnceCurl } from "../funnels/curl";
import { CopyBlock } from "../ui/CopyBlock";
import { useMe } from "../session";
import { Page, Panel } from "../ui/Page";
import { Bones, Failed } from "../ui/States";
import classes from "./ApiPage.module.css";

/** Where an integrator begins: a key, a first call, its result, the whole description. */
export function ApiPage() {
  const { t } = useTranslation("office");
  const base = window.location.origin;
  const me = useMe();
  const funnels = useQuery(FunnelService.method.listFunnels, { pageSize: 200 });
  const refs = (funnels.data?.funnels ?? [])
    .filter((funnel) => funnel.status === FunnelStatus.PUBLISHED)
    .flatMap((funnel) => funnel.origins.map(({ ref }) => ({ ref, funnel: funnel.name })));
  return (
    <Page title={t("api.title")} under={t("api.lead")}>
      <div className={classes.sections}>
        <Panel title={t("api.key")}>
          <div className={classes.body}>
            <p>{t("api.keyDetail")}</p>
            <CopyBlock
              label={t("api.key")}
              text={`export KOHOMAI_KEY=$(kohomai keys create --workspace ${me?.workspace?.id ?? "WORKSPACE"} --name mine --scopes leads:write,journeys:read)`}
            />
          </div>
        </Panel>
        <Panel title={t("api.register")}>
          <div className={classes.body}>
            <p>{t("api.registerDetail")}</p>
            {funnels.isPending ? (
              <Bones rows={2} />
            ) : funnels.isError ? (
              <Failed error={funnels.error} retry={() => void funnels.refetch()} />
            ) : (
              <Register base={base} refs={refs} />
            )}
          </div>
        </Panel>
        <Panel title={t("api.follow")}>
          <div className={classes.body}>
            <p>{t("api.followDetail")}</p>
            <CopyBlock label={t("api.follow")} text={journeyCurl(base, "ID")} />
          </div>
        </Panel>
        <Panel title={t("api.spec")}>
          <div className={`${classes.body} ${classes.links}`}>
            <a href="/api/v1/openapi.json">{t("api.openapi")}</a>
            <a href="/docs">{t("api.docs")}</a>
          </div>
        </Panel>
      </div>
    </Page>
  );
}

interface Ref {
  ref: string;
  funnel: string;
}

/** The call for one way in; which one is chosen here. */
function Register({ base, refs }: { base: string; refs: Ref[] }) {
  const { t } = useTranslation("office");
  // The ways in that somebody named come before those every funnel has.
  const named = [...refs.filter(({ ref }) => !ref.startsWith("funnel-")), ...refs.filter(({ ref }) => ref.startsWith("funnel-"))];
  const [chosen, setChosen] = useState<string | null>(null);
  const ref = chosen ?? named[0]?.ref ?? "REF";
  return (
    <>
      {named.length > 0 && (
        <Select
          label={t("api.origin")}
          data={named.map((one) => ({ value: one.ref, label: `${one.funnel}: ${one.ref}` }))}
          value={ref}
          allowDeselect={false}
          onChange={setChosen}
          maw={360}
        />
      )}
      <CopyBlock label={`ref=${ref}`} text={registerOnceCurl(base, ref)} />
    </>
  );
}
