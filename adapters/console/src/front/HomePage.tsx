import { useQuery } from "@connectrpc/connect-query";
import { useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { ActivityState, FrontService, type Activity, type GetHomeResponse, type Journey } from "../gen/kohomai/front/v1/front_pb";
import { Moment } from "../ui/Moment";
import { fullName, toDate } from "../ui/format";
import { useNow } from "../ui/useNow";
import { activityAddress } from "./address";
import { Bar } from "./Bar";
import { BottomAction } from "./BottomAction";
import { Glyph } from "./Glyph";
import classes from "./HomePage.module.css";
import { Link, PlaceButton } from "./Link";
import { BenchDrawing, Centered, LoadFailed, Waiting } from "./PageStates";
import { leaveTarget } from "./redirect";
import { ThankYou } from "./ThankYou";

// What others do may open something for this person at any moment.
const pollIdle = 2_000;
const pollBusy = 15_000;

/** The next thing to do, how far everything is, and the list. */
export function HomePage() {
  const home = useQuery(FrontService.method.getHome, {}, {
    refetchInterval: (query) => (query.state.data?.nextRunId === undefined ? pollIdle : pollBusy),
  });
  if (home.isPending) return <Waiting />;
  if (home.isError && home.data === undefined) return <LoadFailed error={home.error} retry={() => void home.refetch()} />;
  return <Loaded home={home.data} />;
}

function Loaded({ home }: { home: GetHomeResponse }) {
  const { t } = useTranslation("front");
  const name = fullName(home.person);
  const activities = home.journeys.flatMap((journey) => journey.activities);
  const next = activities.find((activity) => activity.runId === home.nextRunId);
  const ended = home.journeys.length > 0 && home.journeys.every((journey) => journey.ended);
  const leave = useCallback((to: URL) => window.location.assign(to.href), []);
  const title = t("title");
  useEffect(() => {
    document.title = title;
  }, [title]);
  if (next === undefined) {
    const target = leaveTarget(home.redirectUrl);
    return (
      <>
        {ended || target !== undefined ? (
          <ThankYou target={target} ended={ended} leave={leave} />
        ) : (
          <Centered drawing={<BenchDrawing />} title={t("nothing")}>
            <p>{t("nothingDetail")}</p>
            <p role="status">{t("watching")}</p>
          </Centered>
        )}
        <Journeys journeys={home.journeys} />
      </>
    );
  }
  return (
    <>
      <h1 className={classes.hello}>{name === "" ? t("helloAnyone") : t("hello", { name: home.person?.firstname ?? name })}</h1>
      <section className={classes.next} aria-labelledby="next-title">
        <p className={classes.kicker}>{t("next")}</p>
        <h2 className={classes.name} id="next-title">
          {next.name}
        </h2>
        <DueLine activity={next} />
      </section>
      <Journeys journeys={home.journeys} />
      <BottomAction>
        <PlaceButton to={activityAddress(next.runId)}>
          {t("start")}: {next.name}
        </PlaceButton>
      </BottomAction>
    </>
  );
}

function DueLine({ activity }: { activity: Activity }) {
  const { t } = useTranslation("front");
  const now = useNow();
  const due = toDate(activity.dueAt);
  if (due === undefined) return null;
  const [before, after = ""] = t(due < now ? "wasDue" : "due", { when: "\u0000" }).split("\u0000");
  return (
    <p className={classes.quiet}>
      {before}
      <Moment at={activity.dueAt} />
      {after}
    </p>
  );
}

function Journeys({ journeys }: { journeys: readonly Journey[] }) {
  const { t } = useTranslation("front");
  return journeys.map((journey) => {
    const words = t("progress", { done: journey.completed, total: journey.total });
    return (
      <section key={journey.id} className={classes.section} aria-label={journey.name}>
        <h2>{journeys.length > 1 ? journey.name : t("all")}</h2>
        <p className={classes.quiet}>{words}</p>
        <div className={classes.barLine}>
          <Bar label={words} value={journey.total === 0 ? 0 : journey.completed / journey.total} />
        </div>
        {journey.stage !== undefined && !journey.ended && (
          <p className={classes.quiet}>{t("stage", { name: journey.stage })}</p>
        )}
        {journey.activities.length > 0 && (
          <ul className={classes.list}>
            {journey.activities.map((activity) => (
              <li key={activity.runId}>
                <Row activity={activity} />
              </li>
            ))}
          </ul>
        )}
      </section>
    );
  });
}

function Row({ activity }: { activity: Activity }) {
  const { t } = useTranslation("front");
  const [glyph, tone, word] = stateLook(activity.state);
  const content = (
    <>
      <Glyph kind={glyph} className={classes[tone]} />
      <span className={classes.rowText}>
        <span className={classes.rowName}>{activity.name}</span>
        <span className={classes.rowState}>{t(`state.${word}`)}</span>
      </span>
    </>
  );
  return activity.state === ActivityState.OPEN ? (
    <Link to={activityAddress(activity.runId)} className={classes.row}>
      {content}
    </Link>
  ) : (
    <div className={classes.row}>{content}</div>
  );
}

function stateLook(state: ActivityState) {
  switch (state) {
    case ActivityState.OPEN:
      return ["open", "open", "Open"] as const;
    case ActivityState.COMPLETED:
      return ["done", "done", "Completed"] as const;
    case ActivityState.SKIPPED:
      return ["skipped", "other", "Skipped"] as const;
    case ActivityState.CLOSED:
      return ["closed", "other", "Closed"] as const;
    case ActivityState.WAITING:
    case ActivityState.UNSPECIFIED:
      return ["waiting", "other", "Waiting"] as const;
  }
}
