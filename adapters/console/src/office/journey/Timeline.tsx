import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { useTranslation } from "react-i18next";
import type { JourneyEvent } from "../../gen/kohomai/v1/journey_pb";
import { JourneyService } from "../../gen/kohomai/v1/journey_service_pb";
import { Moment } from "../../ui/Moment";
import { Panel } from "../ui/Page";
import { Bones, Failed, Quiet } from "../ui/States";
import { eventDetail } from "./events";
import classes from "./Timeline.module.css";

/** Everything that happened, latest first. */
export function Timeline({ id, open }: { id: string; open: boolean }) {
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
          <ol className={classes.list} reversed>
            {list.map((event) => (
              <Entry key={event.id} event={event} />
            ))}
          </ol>
          {events.hasNextPage && (
            <div className={classes.more}>
              <Button variant="default" size="xs" loading={events.isFetchingNextPage} onClick={() => void events.fetchNextPage()}>
                {t("journey.older")}
              </Button>
            </div>
          )}
        </>
      )}
    </Panel>
  );
}

function Entry({ event }: { event: JourneyEvent }) {
  const { i18n } = useTranslation("office");
  // Event names hold a dot, which separates keys otherwise.
  const known = i18n.getResource(i18n.language, "office", "event") as Record<string, string> | undefined;
  const detail = [event.activity, eventDetail(event.data), event.actor].filter((part) => part !== undefined && part !== "");
  return (
    <li className={classes.entry}>
      <span className={classes.what}>{known?.[event.type] ?? event.type}</span>
      <span className={classes.detail}>{detail.join(" · ")}</span>
      <Moment at={event.timestamp} className={classes.when} />
    </li>
  );
}
