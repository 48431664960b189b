import { useQuery } from "@connectrpc/connect-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { JourneyService } from "../../gen/kohomai/v1/journey_service_pb";
import { LeadService } from "../../gen/kohomai/v1/lead_pb";
import { Moment } from "../../ui/Moment";
import { fullName } from "../../ui/format";
import { Facts } from "../journey/Facts";
import { JourneyChip } from "../ui/Chips";
import { Page, Panel } from "../ui/Page";
import { Progress } from "../ui/Progress";
import { Bones, Failed, Quiet } from "../ui/States";
import { Table } from "../ui/Table";
import table from "../ui/Table.module.css";
import classes from "./LeadPage.module.css";

const route = getRouteApi("/shell/leads/$id");

/** One lead: what is known about the person and the company, and the journeys. */
export function LeadPage() {
  const { t } = useTranslation("office");
  const { id } = route.useParams();
  const found = useQuery(LeadService.method.getLead, { id });
  const back = { to: "/leads", label: t("leads.back") } as const;
  if (found.isPending) {
    return (
      <Page title={t("leads.title")} back={back}>
        <Bones />
      </Page>
    );
  }
  const lead = found.data?.lead;
  if (lead === undefined) {
    return (
      <Page title={t("leads.title")} back={back}>
        <Failed error={found.error} retry={() => void found.refetch()} />
      </Page>
    );
  }
  const name = fullName(lead);
  const under = [name === "" ? undefined : lead.email, lead.phoneNumber, lead.externalId]
    .filter((part) => part !== undefined && part !== "")
    .join(" · ");
  return (
    <Page
      title={name === "" ? lead.email : name}
      back={back}
      under={
        <>
          {under}
          {under !== "" && " · "}
          {t("leads.registered")} <Moment at={lead.createdDate} />
        </>
      }
    >
      <div className={classes.columns}>
        <LeadJourneys id={id} />
        <Panel title={t("leads.about")}>
          <Facts facts={lead.facts} />
        </Panel>
      </div>
    </Page>
  );
}

function LeadJourneys({ id }: { id: string }) {
  const { t } = useTranslation("office");
  const journeys = useQuery(JourneyService.method.listJourneys, { leadId: id, pageSize: 100 });
  return (
    <Panel title={t("leads.journeys")}>
      {journeys.isPending ? (
        <Bones rows={2} />
      ) : journeys.isError ? (
        <Failed error={journeys.error} retry={() => void journeys.refetch()} />
      ) : journeys.data.journeys.length === 0 ? (
        <Quiet>{t("leads.noJourneys")}</Quiet>
      ) : (
        <Table label={t("leads.journeys")} columns={[t("journeys.funnel"), t("journeys.status"), t("journeys.progress"), t("journeys.started")]}>
          {journeys.data.journeys.map((journey) => (
            <tr key={journey.id}>
              <td>
                <Link to="/journeys/$id" params={{ id: journey.id }} className={table.rowLink} data-row>
                  {journey.funnel?.name}
                </Link>
              </td>
              <td>
                <JourneyChip status={journey.status} />
              </td>
              <td>
                <Progress progress={journey.progress} />
              </td>
              <td className={`${table.quiet} ${table.nowrap}`}>
                <Moment at={journey.createdDate} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}
