import { useQuery } from "@connectrpc/connect-query";
import { IconClockExclamation } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { JourneyService } from "../../gen/kohomai/v1/journey_service_pb";
import { Moment } from "../../ui/Moment";
import { toDate } from "../../ui/format";
import { StatusChip } from "../../ui/StatusChip";
import { useNow } from "../../ui/useNow";
import { ActivityChip } from "../ui/Chips";
import { Panel } from "../ui/Page";
import { Bones, Failed, Quiet } from "../ui/States";
import classes from "./HomePage.module.css";

/** The open activities assigned to who is signed in, oldest first. */
export function Mine() {
  const { t } = useTranslation(["office", "common"]);
  const now = useNow();
  const mine = useQuery(JourneyService.method.listActivities, { mine: true, pageSize: 50 }, { refetchInterval: 5_000 });
  const list = mine.data?.activities ?? [];
  const isOverdue = (due: Date | undefined) => due !== undefined && due < now;
  const late = list.filter(({ activity }) => isOverdue(toDate(activity?.dueAt))).length;
  return (
    <Panel
      title={t("home.mine")}
      actions={
        late > 0 && <StatusChip tone="failed" icon={IconClockExclamation} word={t("home.overdue", { count: late })} />
      }
    >
      {mine.isPending ? (
        <Bones rows={3} />
      ) : mine.isError ? (
        <Failed error={mine.error} retry={() => void mine.refetch()} />
      ) : list.length === 0 ? (
        <Quiet>{t("home.mineEmpty")}</Quiet>
      ) : (
        <ul className={classes.rows}>
          {list.map(({ activity, journey }) =>
            activity === undefined || journey === undefined ? null : (
              <li key={activity.id}>
                <Link to="/journeys/$id" params={{ id: journey.id }} className={classes.row}>
                  <span className={classes.main}>
                    <span className={classes.name}>{activity.name}</span>
                    <span className={classes.quiet}>
                      {journey.lead?.email} · {journey.funnel?.name}
                    </span>
                  </span>
                  {isOverdue(toDate(activity.dueAt)) ? (
                    <StatusChip tone="failed" icon={IconClockExclamation} word={t("common:overdue")} />
                  ) : (
                    <ActivityChip status={activity.status} />
                  )}
                  <Moment at={activity.dueAt ?? activity.startedAt} className={classes.quiet} />
                </Link>
              </li>
            ),
          )}
        </ul>
      )}
    </Panel>
  );
}
