import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { JourneyStatus, type Journey } from "../../gen/kohomai/v1/journey_pb";
import { JourneyService } from "../../gen/kohomai/v1/journey_service_pb";
import { Moment } from "../../ui/Moment";
import { fullName } from "../../ui/format";
import { isOpen } from "../../ui/status";
import { JourneyChip, WaitingChip } from "../ui/Chips";
import { Page, Panel } from "../ui/Page";
import { Progress } from "../ui/Progress";
import { Bones, Failed, Quiet } from "../ui/States";
import { Facts } from "./Facts";
import classes from "./JourneyPage.module.css";
import { JourneyActions } from "./JourneyActions";
import { pathOf } from "./path";
import { Step } from "./Step";
import { Timeline } from "./Timeline";

const route = getRouteApi("/shell/journeys/$id");

// A running journey is looked at this often; a journey that ended stands still.
const pollOpen = 2_000;

/** One journey: what happened, who is waited on and why, what is known, why it went this way. */
export function JourneyPage() {
  const { t } = useTranslation("office");
  const { id } = route.useParams();
  const found = useQuery(
    JourneyService.method.getJourney,
    { id },
    {
      refetchInterval: (query) => {
        const journey = query.state.data?.journey;
        return journey !== undefined && isOpen(journey.status) ? pollOpen : false;
      },
      placeholderData: keepPreviousData,
    },
  );
  const back = { to: "/journeys", label: t("journey.back") } as const;
  const journey = found.data?.journey;
  if (found.isPending) {
    return (
      <Page title={t("journeys.title")} back={back}>
        <Bones />
      </Page>
    );
  }
  if (journey === undefined) {
    return (
      <Page title={t("journeys.title")} back={back}>
        <Failed error={found.error} retry={() => void found.refetch()} />
      </Page>
    );
  }
  return <Loaded journey={journey} />;
}

function Loaded({ journey }: { journey: Journey }) {
  const { t } = useTranslation("office");
  const steps = pathOf(journey);
  const name = fullName(journey.lead);
  const email = journey.lead?.email ?? "";
  return (
    <Page
      title={name === "" ? email : name}
      back={{ to: "/journeys", label: t("journey.back") }}
      beside={
        <>
          <JourneyChip status={journey.status} />
          {journey.status === JourneyStatus.IN_PROGRESS && <WaitingChip waitingOn={journey.waitingOn} />}
        </>
      }
      under={<Meta journey={journey} name={name} />}
      actions={<JourneyActions journey={journey} />}
    >
      {journey.blockedReason !== undefined && journey.blockedReason !== "" && (
        <p className={classes.notice} role="status">
          {journey.blockedReason}
        </p>
      )}
      <div className={classes.columns}>
        <div className={classes.left}>
          <Panel title={t("journey.path")} actions={<Progress progress={journey.progress} />}>
            {steps.length === 0 ? (
              <Quiet>{t("journey.pathEmpty")}</Quiet>
            ) : (
              <ol style={{ listStyle: "none", margin: 0, padding: 0 }}>
                {steps.map((step) => (
                  <Step key={stepKey(step)} step={step} journey={journey} />
                ))}
              </ol>
            )}
          </Panel>
          <Timeline journey={journey} />
        </div>
        <Panel title={t("journey.facts")}>
          <Facts facts={journey.journeyData} />
        </Panel>
      </div>
    </Page>
  );
}

function stepKey(step: ReturnType<typeof pathOf>[number]): string {
  return step.kind === "stage"
    ? `stage ${step.stage.key} ${step.stage.visit}`
    : `decision ${step.decision.key} ${step.decision.visit}`;
}

function Meta({ journey, name }: { journey: Journey; name: string }) {
  const { t } = useTranslation("office");
  const owner = fullName(journey.owner);
  const company = journey.journeyData.find((fact) => fact.dataPoint?.key === "company.name")?.stringValue;
  return (
    <div className={classes.meta}>
      {company !== undefined && <span className={classes.company}>{company}</span>}
      {journey.lead !== undefined && (
        <Link to="/leads/$id" params={{ id: journey.lead.id }}>
          {name === "" ? t("journeys.lead") : journey.lead.email}
        </Link>
      )}
      {journey.funnel !== undefined && (
        <Link to="/funnels/edit/$id" params={{ id: journey.funnel.id }}>
          {t("journey.version", { funnel: journey.funnel.name, version: journey.funnel.version })}
        </Link>
      )}
      {journey.origin !== undefined && (
        <span>
          {t("journey.origin")}: {journey.origin.name}
        </span>
      )}
      <span>{owner === "" ? t("journey.noOwner") : `${t("journey.owner")}: ${owner}`}</span>
      <span>
        {t("journey.started")} <Moment at={journey.createdDate} />
      </span>
      {journey.status === JourneyStatus.CONVERTED && (
        <span>
          {t("journey.ended")} <Moment at={journey.convertedAt} />
        </span>
      )}
      {journey.dueAt !== undefined && isOpen(journey.status) && (
        <span>
          {t("journey.due")} <Moment at={journey.dueAt} />
        </span>
      )}
    </div>
  );
}
