import { useQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { ListJourneysResponse } from "../../gen/kohomai/v1/journey_service_pb";
import { JourneyService } from "../../gen/kohomai/v1/journey_service_pb";
import { Moment } from "../../ui/Moment";
import { fullName } from "../../ui/format";
import { journeyStatuses, type JourneyWord } from "../../ui/status";
import { useMe } from "../session";
import { JourneyChip } from "../ui/Chips";
import { Page, Panel } from "../ui/Page";
import { Bones, Failed, Quiet } from "../ui/States";
import { FirstSteps } from "./FirstSteps";
import classes from "./HomePage.module.css";
import { Mine } from "./Mine";

// Counts are read from one page of a list; beyond it stands a plus.
const countUpTo = 100;

function useJourneysIn(word: JourneyWord) {
  return useQuery(
    JourneyService.method.listJourneys,
    { status: [journeyStatuses[word]], pageSize: countUpTo },
    { refetchInterval: 10_000 },
  );
}

/** What needs me now, what is stuck, and how it goes. */
export function HomePage() {
  const { t } = useTranslation("office");
  const me = useMe();
  const running = useJourneysIn("InProgress");
  const blocked = useJourneysIn("Blocked");
  const converted = useJourneysIn("Converted");
  const notQualified = useJourneysIn("NotQualified");
  const name = me?.user?.firstname ?? fullName(me?.user);
  return (
    <Page title={name === "" ? t("home.helloAnyone") : t("home.hello", { name })}>
      <section className={classes.counts} aria-label={t("home.counts")}>
        <Count word="InProgress" data={running.data} />
        <Count word="Blocked" data={blocked.data} />
        <Count word="Converted" data={converted.data} />
        <Count word="NotQualified" data={notQualified.data} />
      </section>
      <div className={classes.columns}>
        <div className={classes.stack}>
          <Mine />
          <JourneyList title={t("home.blocked")} empty={t("home.blockedEmpty")} query={blocked} reason />
        </div>
        <div className={classes.stack}>
          {converted.data?.journeys.length === 0 && (
            <FirstSteps
              anyJourney={
                (running.data?.journeys.length ?? 0) + (blocked.data?.journeys.length ?? 0) + (notQualified.data?.journeys.length ?? 0) > 0
              }
            />
          )}
          <JourneyList title={t("home.recent")} empty={t("home.recentEmpty")} query={converted} />
        </div>
      </div>
    </Page>
  );
}

function Count({ word, data }: { word: JourneyWord; data: ListJourneysResponse | undefined }) {
  const { t } = useTranslation("office");
  const count = data?.journeys.length ?? 0;
  return (
    <Link to="/journeys" search={{ status: [word] }} className={classes.count}>
      <span className={classes.number}>
        {data === undefined ? "–" : data.nextPageToken === undefined ? count : t("list.atLeast", { count })}
      </span>
      <JourneyChip status={journeyStatuses[word]} />
    </Link>
  );
}

function JourneyList({ title, empty, query, reason = false }: {
  title: string;
  empty: string;
  query: ReturnType<typeof useJourneysIn>;
  reason?: boolean;
}) {
  return (
    <Panel title={title}>
      {query.isPending ? (
        <Bones rows={3} />
      ) : query.isError ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : query.data.journeys.length === 0 ? (
        <Quiet>{empty}</Quiet>
      ) : (
        <ul className={classes.rows}>
          {query.data.journeys.slice(0, 8).map((journey) => (
            <li key={journey.id}>
              <Link to="/journeys/$id" params={{ id: journey.id }} className={classes.row}>
                <span className={classes.main}>
                  <span className={classes.name}>{journey.lead?.email}</span>
                  <span className={classes.quiet}>{reason ? journey.blockedReason : journey.funnel?.name}</span>
                </span>
                <Moment at={reason ? journey.changedDate : (journey.convertedAt ?? journey.changedDate)} className={classes.quiet} />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
