import { useTranslation } from "react-i18next";
import type { Progress as Share } from "../../gen/kohomai/v1/journey_pb";
import classes from "./Progress.module.css";

/** How many activities are done: in words, and as a bar for the eye. Nothing where none were met. */
export function Progress({ progress }: { progress: Share | undefined }) {
  const { t } = useTranslation("office");
  const { completed: done, total } = progress ?? { completed: 0, total: 0 };
  if (total === 0) return null;
  return (
    <span className={classes.progress}>
      <svg className={classes.bar} viewBox="0 0 48 4" preserveAspectRatio="none" aria-hidden>
        <rect width="48" height="4" rx="2" className={classes.rest} />
        <rect width={(48 * Math.min(done, total)) / total} height="4" rx="2" className={classes.done} />
      </svg>
      {t("journeys.progressOf", { done, total })}
    </span>
  );
}
