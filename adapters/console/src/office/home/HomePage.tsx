import { useQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { ListJourneysResponse } from "../../gen/kohomai/v1/journey_service_pb";
import { JourneyService } from "../../gen/kohomai/v1/journey_service_pb";
import { Moment } from "../../ui/Moment";
import { fullName, toDate } from "../../ui/format";
import { journeyStatuses, type JourneyWord } from "../../ui/status";
import { useNow } from "../../ui/useNow";
import { useMe } from "../session";
import { JourneyChip, WaitingChip } from "../ui/Chips";
import { Page, Panel } from "../ui/Page";
import { Bones, Failed, Quiet } from "../ui/States";
import { FirstSteps } from "./FirstSteps";
import classes from "./HomePage.module.css";
import { Mine } from "./Mine";
import { byWeek } from "./weeks";

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
        <Count word="Converted" data={converted.data} note={<ThisWeek data={converted.data} />} />
        <Count word="NotQualified" data={notQualified.data} />
      </section>
      <div className={classes.columns}>
        <div className={classes.stack}>
          <Mine />
          <UnderWay query={running} />
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

function Count({ word, data, note }: { word: JourneyWord; data: ListJourneysResponse | undefined; note?: ReactNode }) {
  const { t } = useTranslation("office");
  const count = data?.journeys.length ?? 0;
  return (
    <Link to="/journeys" search={{ status: [word] }} className={classes.count}>
      <span className={classes.number}>
        {data === undefined ? "–" : data.nextPageToken === undefined ? count : t("list.atLeast", { count })}
      </span>
      <span className={classes.word}>
        <JourneyChip status={journeyStatuses[word]} />
        {note}
      </span>
    </Link>
  );
}

/** Conversions of this week beside last week's; nothing while the list read is not all of them. */
function ThisWeek({ data }: { data: ListJourneysResponse | undefined }) {
  const { t } = useTranslation("office");
  const now = useNow();
  if (data === undefined || data.nextPageToken !== undefined || data.journeys.length === 0) return null;
  const moments = data.journeys.map((journey) => toDate(journey.convertedAt));
  const { thisWeek, lastWeek } = byWeek(moments, now);
  return <span className={classes.quiet}>{t("home.week", { thisWeek, lastWeek })}</span>;
}

/** The newest journeys that go on, with who is waited on. */
function UnderWay({ query }: { query: ReturnType<typeof useJourneysIn> }) {
  const { t } = useTranslation("office");
  if (query.data === undefined || query.data.journeys.length === 0) return null;
  return (
    <Panel
      title={t("home.underWay")}
      actions={
        <Link to="/journeys" search={{ status: ["InProgress"] }}>
          {t("home.seeAll")}
        </Link>
      }
    >
      <ul className={classes.rows}>
        {query.data.journeys.slice(0, 6).map((journey) => (
          <li key={journey.id}>
            <Link to="/journeys/$id" params={{ id: journey.id }} className={classes.row}>
              <span className={classes.main}>
                <span className={classes.name}>{journey.lead?.email}</span>
                <span className={classes.quiet}>{journey.funnel?.name}</span>
              </span>
              <WaitingChip waitingOn={journey.waitingOn} />
              <Moment at={journey.createdDate} className={classes.quiet} />
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
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
