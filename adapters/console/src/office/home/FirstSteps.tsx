import { useQuery } from "@connectrpc/connect-query";
import { IconCircleCheck, IconCircleDashed } from "@tabler/icons-react";
import { Link, type LinkProps } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { FunnelService, FunnelStatus } from "../../gen/kohomai/v1/funnel_pb";
import { LeadService } from "../../gen/kohomai/v1/lead_pb";
import { Panel } from "../ui/Page";
import classes from "./HomePage.module.css";

/** The way to the first converted lead; gone once that happened. */
export function FirstSteps({ anyJourney }: { anyJourney: boolean }) {
  const { t } = useTranslation("office");
  const funnels = useQuery(FunnelService.method.listFunnels, { pageSize: 50 });
  const leads = useQuery(LeadService.method.listLeads, { pageSize: 1 });
  const steps: { word: "funnel" | "lead" | "journey" | "converted"; done: boolean; to: LinkProps["to"] }[] = [
    {
      word: "funnel",
      done: funnels.data?.funnels.some((funnel) => funnel.status === FunnelStatus.PUBLISHED) === true,
      to: "/funnels",
    },
    { word: "lead", done: (leads.data?.leads.length ?? 0) > 0, to: "/leads" },
    { word: "journey", done: anyJourney, to: "/journeys" },
    { word: "converted", done: false, to: "/journeys" },
  ];
  return (
    <Panel title={t("home.first.title")}>
      <div className={classes.first}>
        <p>{t("home.first.detail")}</p>
        <ol className={classes.steps}>
          {steps.map(({ word, done, to }) => (
            <li key={word} className={classes.step} data-done={done}>
              {done ? <IconCircleCheck size={20} aria-hidden /> : <IconCircleDashed size={20} aria-hidden />}
              <span>
                <Link to={to}>{t(`home.first.${word}`)}</Link>{" "}
                <span className="k-visually-hidden">({done ? t("home.first.done") : t("home.first.open")})</span>
                <br />
                <span className={classes.quiet}>{t(`home.first.${word}Detail`)}</span>
              </span>
            </li>
          ))}
        </ol>
      </div>
    </Panel>
  );
}
