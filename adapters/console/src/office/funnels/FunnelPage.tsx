import { getRouteApi } from "@tanstack/react-router";
import { Button, SegmentedControl, Select } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@connectrpc/connect-query";
import { IconAlertTriangle, IconCircleX } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { JsonObject } from "@bufbuild/protobuf";
import { FunnelService, Severity, type Finding, type Funnel } from "../../gen/kohomai/v1/funnel_pb";
import { Moment } from "../../ui/Moment";
import { StatusChip } from "../../ui/StatusChip";
import { CopyBlock } from "../ui/CopyBlock";
import { Page, Panel } from "../ui/Page";
import { Bones, Failed, Quiet } from "../ui/States";
import { registerCurl } from "./curl";
import { readDefinition } from "./definition";
import classes from "./FunnelPage.module.css";
import { FunnelChip } from "./FunnelsPage";
import { Outline } from "./Outline";
import { Publish } from "./Publish";

const route = getRouteApi("/shell/funnels/edit/$id");

const draft = "draft";

/** One funnel: its definition in any version, whether the draft can be published, the ways in. */
export function FunnelPage() {
  const { t } = useTranslation("office");
  const { id } = route.useParams();
  const found = useQuery(FunnelService.method.getFunnel, { id });
  const back = { to: "/funnels", label: t("funnel.back") } as const;
  const funnel = found.data?.funnel;
  if (found.isPending || funnel === undefined) {
    return (
      <Page title={t("funnels.title")} back={back}>
        {found.isPending ? <Bones /> : <Failed error={found.error} retry={() => void found.refetch()} />}
      </Page>
    );
  }
  return <Loaded funnel={funnel} />;
}

function Loaded({ funnel }: { funnel: Funnel }) {
  const { t } = useTranslation("office");
  const [publishing, { open, close }] = useDisclosure(false);
  const unpublished = funnel.version === undefined || funnel.changed;
  return (
    <Page
      title={funnel.name}
      back={{ to: "/funnels", label: t("funnel.back") }}
      beside={<FunnelChip status={funnel.status} />}
      under={
        <>
          {funnel.version === undefined ? t("funnels.none") : t("funnel.versionN", { n: funnel.version })} ·{" "}
          <Moment at={funnel.changedDate} />
          {funnel.changed && funnel.version !== undefined && ` · ${t("funnels.changed")}`}
        </>
      }
      actions={unpublished && <Button onClick={open}>{t("funnel.publish")}</Button>}
    >
      <div className={classes.columns}>
        <DefinitionPanel funnel={funnel} />
        <div className={classes.stack}>
          {unpublished && <Findings id={funnel.id} />}
          <Origins id={funnel.id} />
        </div>
      </div>
      <Publish id={funnel.id} opened={publishing} onClose={close} />
    </Page>
  );
}

function DefinitionPanel({ funnel }: { funnel: Funnel }) {
  const { t } = useTranslation("office");
  const [chosen, setChosen] = useState(funnel.version === undefined ? draft : String(funnel.version));
  const [look, setLook] = useState<"outline" | "source">("outline");
  const versions = useQuery(FunnelService.method.listVersions, { id: funnel.id, pageSize: 200 });
  const isDraft = chosen === draft;
  const drafted = useQuery(FunnelService.method.getDraft, { id: funnel.id }, { enabled: isDraft });
  const published = useQuery(
    FunnelService.method.getVersion,
    { id: funnel.id, number: isDraft ? 0 : Number(chosen) },
    { enabled: !isDraft, staleTime: Number.POSITIVE_INFINITY },
  );
  const query = isDraft ? drafted : published;
  const definition: JsonObject | undefined = isDraft ? drafted.data?.definition : published.data?.version?.definition;
  const choices = [
    { value: draft, label: t("funnel.draft") },
    ...(versions.data?.versions ?? []).map((version) => ({
      value: String(version.number),
      label: [t("funnel.versionN", { n: version.number }), version.note].filter((part) => part !== undefined && part !== "").join(": "),
    })),
  ];
  return (
    <Panel
      title={t("funnel.definition")}
      actions={
        <div className={classes.tools}>
          <Select
            size="xs"
            aria-label={t("funnel.show")}
            data={choices}
            value={chosen}
            allowDeselect={false}
            onChange={(value) => setChosen(value ?? draft)}
          />
          <SegmentedControl
            size="xs"
            aria-label={t("funnel.show")}
            value={look}
            onChange={(value) => setLook(value === "source" ? "source" : "outline")}
            data={[
              { value: "outline", label: t("funnel.outline") },
              { value: "source", label: t("funnel.source") },
            ]}
          />
        </div>
      }
    >
      {query.isPending ? (
        <Bones />
      ) : query.isError ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : (
        <DefinitionView definition={definition} look={look} />
      )}
    </Panel>
  );
}

function DefinitionView({ definition, look }: { definition: JsonObject | undefined; look: "outline" | "source" }) {
  const { t } = useTranslation("office");
  const read = readDefinition(definition);
  if (look === "outline" && read !== undefined) return <Outline definition={read} />;
  return (
    <>
      {look === "outline" && <Quiet>{t("funnel.unreadable")}</Quiet>}
      {/* Reachable by keyboard, or it could not be scrolled. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre className={classes.source} role="region" tabIndex={0} aria-label={t("funnel.source")}>
        {JSON.stringify(definition ?? {}, null, 2)}
      </pre>
    </>
  );
}

function Findings({ id }: { id: string }) {
  const { t } = useTranslation("office");
  // Judging stores nothing; it is asked like a question.
  const judged = useQuery(FunnelService.method.validateDraft, { id });
  const findings = judged.data?.findings ?? [];
  return (
    <Panel title={t("funnel.faults", { count: findings.length })}>
      {judged.isPending ? (
        <Bones rows={2} />
      ) : judged.isError ? (
        <Failed error={judged.error} retry={() => void judged.refetch()} />
      ) : findings.length === 0 ? (
        <Quiet>{t("funnel.valid")}</Quiet>
      ) : (
        <div className={classes.body}>
          <ul className={classes.findings}>
            {findings.map((finding) => (
              <li key={`${finding.field} ${finding.code}`}>
                <FindingLine finding={finding} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </Panel>
  );
}

function FindingLine({ finding }: { finding: Finding }) {
  const { t } = useTranslation("office");
  return (
    <>
      {finding.severity === Severity.WARNING ? (
        <StatusChip tone="blocked" icon={IconAlertTriangle} word={t("funnel.warning")} />
      ) : (
        <StatusChip tone="failed" icon={IconCircleX} word={t("funnel.error")} />
      )}{" "}
      {finding.message}
      <br />
      <code>{finding.field}</code>
      {finding.fix !== undefined && finding.fix !== "" && (
        <p className={classes.quiet}>{t("funnel.fix", { fix: finding.fix })}</p>
      )}
    </>
  );
}

function Origins({ id }: { id: string }) {
  const { t } = useTranslation("office");
  const origins = useQuery(FunnelService.method.listOrigins, { id });
  return (
    <Panel title={t("funnel.origins")}>
      {origins.isPending ? (
        <Bones rows={2} />
      ) : origins.isError ? (
        <Failed error={origins.error} retry={() => void origins.refetch()} />
      ) : origins.data.origins.length === 0 ? (
        <Quiet>{t("funnel.noOrigins")}</Quiet>
      ) : (
        <div className={classes.body}>
          <p className={classes.quiet}>{t("funnel.originsDetail")}</p>
          {origins.data.origins.map((origin) => (
            <div key={origin.id}>
              <p>
                <strong>{origin.name}</strong> <code>{origin.ref}</code>
              </p>
              <CopyBlock
                label={t("funnel.curl", { name: origin.name })}
                text={registerCurl(window.location.origin, origin.ref)}
              />
            </div>
          ))}
        </div>
      )}
    </Panel>
  );
}
