import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { useTranslation } from "react-i18next";
import type { Journey, JourneyEvent } from "../../gen/kohomai/v1/journey_pb";
import { JourneyService } from "../../gen/kohomai/v1/journey_service_pb";
import { Clock } from "../../ui/Moment";
import { isOpen } from "../../ui/status";
import { Panel } from "../ui/Page";
import { Bones, Failed, Quiet } from "../ui/States";
import { actorOf, eventDetail } from "./events";
import classes from "./Timeline.module.css";

/** Everything that happened, in order. */
export function Timeline({ journey }: { journey: Journey }) {
  const { id } = journey;
  const open = isOpen(journey.status);
  const { t } = useTranslation("office");
  const events = useInfiniteQuery(
    JourneyService.method.listJourneyEvents,
    { id, pageSize: 50, pageToken: "" },
    {
      pageParamKey: "pageToken",
      getNextPageParam: (last) => last.nextPageToken,
      refetchInterval: open ? 2_000 : false,
    },
  );
  const list = events.data?.pages.flatMap((page) => page.events) ?? [];
  return (
    <Panel title={t("journey.timeline")}>
      {events.isPending ? (
        <Bones rows={4} height={32} />
      ) : events.isError && list.length === 0 ? (
        <Failed error={events.error} retry={() => void events.refetch()} />
      ) : list.length === 0 ? (
        <Quiet>{t("journey.timelineEmpty")}</Quiet>
      ) : (
        <>
          <ol className={classes.list}>
            {list.map((event) => (
              <Entry key={event.id} event={event} journey={journey} />
            ))}
          </ol>
          {events.hasNextPage && (
            <div className={classes.more}>
              <Button variant="default" size="xs" loading={events.isFetchingNextPage} onClick={() => void events.fetchNextPage()}>
                {t("journey.later")}
              </Button>
            </div>
          )}
        </>
      )}
    </Panel>
  );
}

function Entry({ event, journey }: { event: JourneyEvent; journey: Journey }) {
  const { t, i18n } = useTranslation("office");
  const by = actorOf(event.actor, journey);
  // Event names hold a dot, which separates keys otherwise.
  const known = i18n.getResource(i18n.language, "office", "event") as Record<string, string> | undefined;
  const detail = [eventDetail(event.data) ?? event.activity, by === undefined ? undefined : by === "" ? t("source.user") : by];
  return (
    <li className={classes.entry}>
      <span className={classes.what}>{known?.[event.type] ?? event.type}</span>
      <span className={classes.detail}>{detail.filter((part) => part !== undefined).join(" · ")}</span>
      <Clock at={event.timestamp} className={classes.when} />
    </li>
  );
}
