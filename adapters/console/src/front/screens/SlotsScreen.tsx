import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../api/fault";
import type { SlotsScreen as Slots } from "../../gen/kohomai/front/v1/front_pb";
import { formatDay, formatShortDay, formatTime } from "../../ui/format";
import { useLocale } from "../../ui/useLocale";
import { BottomAction } from "../BottomAction";
import { Button } from "../Button";
import { Notice } from "../Notice";
import type { ScreenProps } from "./props";
import { byDay, readerTimeZone } from "./slots";
import classes from "./SlotsScreen.module.css";

/** A day, then a time: two radio groups, so that arrow keys work without anything of ours. */
export function SlotsScreen({ runId, screen, submit, submitting }: ScreenProps<Slots>) {
  const { t } = useTranslation("front");
  const locale = useLocale();
  const zone = readerTimeZone();
  const days = useMemo(() => byDay(screen.slots, zone), [screen.slots, zone]);
  const [dayKey, setDayKey] = useState<string>();
  const [start, setStart] = useState<string>();
  const [missing, setMissing] = useState(false);
  const [fault, setFault] = useState<Fault>();
  const day = days.find((d) => d.key === dayKey) ?? days[0];
  const chosen = day?.times.find((time) => time.start === start);

  if (day === undefined) return <Notice tone="quiet">{t("slots.none")}</Notice>;

  return (
    <form
      id={`form-${runId}`}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (submitting) return;
        setMissing(chosen === undefined);
        if (chosen !== undefined) void submit({ Slot: chosen.start }).then(setFault);
      }}
    >
      {screen.host !== undefined && <p className={classes.zone}>{t("slots.with", { host: screen.host })}</p>}
      {screen.location !== undefined && (
        <p className={classes.zone}>{t("slots.where", { location: screen.location })}</p>
      )}
      <p className={classes.zone}>
        {t("slots.zone", { zone: zone.replaceAll("_", " ") })}
        {screen.timeZone !== "" && screen.timeZone !== zone && ` ${t("slots.hostZone", { zone: screen.timeZone.replaceAll("_", " ") })}`}
      </p>
      {fault !== undefined && (
        <Notice tone="failed" title={t("slots.failed")}>
          <p>{fault.fields[0]?.message ?? fault.message}</p>
        </Notice>
      )}
      <fieldset className={classes.group}>
        <legend className={classes.legend}>{t("slots.chooseDay")}</legend>
        <div className={classes.grid}>
          {days.map((d) => (
            <label key={d.key} className={classes.choice}>
              <input
                type="radio"
                name={`day-${runId}`}
                value={d.key}
                checked={d.key === day.key}
                onChange={() => {
                  setDayKey(d.key);
                  setStart(undefined);
                }}
              />
              {formatShortDay(d.date, locale, zone)}
            </label>
          ))}
        </div>
      </fieldset>
      <fieldset className={classes.group} aria-describedby={missing ? `missing-${runId}` : undefined}>
        <legend className={classes.legend}>{t("slots.chooseTime")}</legend>
        <div className={`${classes.grid} ${classes.times}`}>
          {day.times.map((time) => (
            <label key={time.start} className={classes.choice}>
              <input
                type="radio"
                name={`time-${runId}`}
                value={time.start}
                checked={time.start === start}
                onChange={() => {
                  setDayKey(day.key);
                  setStart(time.start);
                  setMissing(false);
                }}
              />
              {formatTime(time.date, locale, zone)}
            </label>
          ))}
        </div>
      </fieldset>
      {missing && (
        <div id={`missing-${runId}`}>
          <Notice tone="failed">{t("slots.missing")}</Notice>
        </div>
      )}
      <p role="status">
        {chosen !== undefined &&
          t("slots.chosen", { when: `${formatDay(chosen.date, locale, zone)}, ${formatTime(chosen.date, locale, zone)}` })}
      </p>
      <BottomAction>
        <Button type="submit" form={`form-${runId}`} busy={submitting}>
          {t("slots.book")}
        </Button>
      </BottomAction>
    </form>
  );
}
