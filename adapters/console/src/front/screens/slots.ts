import type { Slot } from "../../gen/kohomai/front/v1/front_pb";
import { toDate } from "../../ui/format";

/** A free moment, with the day it falls on for the reader. */
export interface Choice {
  /** RFC 3339, what is submitted. */
  start: string;
  date: Date;
}

export interface Day {
  /** YYYY-MM-DD in the reader's time zone. */
  key: string;
  date: Date;
  times: Choice[];
}

/** Groups moments into the reader's days, earliest first. */
export function byDay(slots: readonly Slot[], timeZone: string): Day[] {
  const dayOf = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  const days = new Map<string, Day>();
  const choices = slots
    .map((slot) => toDate(slot.start))
    .filter((date) => date !== undefined)
    .sort((a, b) => a.getTime() - b.getTime());
  for (const date of choices) {
    const key = dayOf.format(date);
    const day = days.get(key) ?? { key, date, times: [] };
    day.times.push({ start: date.toISOString().replace(".000Z", "Z"), date });
    days.set(key, day);
  }
  return [...days.values()];
}

/** The reader's own time zone. */
export function readerTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
