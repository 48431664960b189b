// How values are written: numbers, money, dates and spans in the reader's own
// locale. Pure: locale and time are parameters.
import type { Timestamp } from "@bufbuild/protobuf/wkt";

/** A protobuf moment as a Date; undefined stays undefined. */
export function toDate(moment: Timestamp | undefined): Date | undefined {
  if (moment === undefined) return undefined;
  return new Date(Number(moment.seconds) * 1000 + Math.floor(moment.nanos / 1e6));
}

export function formatMoment(date: Date, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(date);
}

export function formatExact(date: Date, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long" }).format(date);
}

export function formatDay(date: Date, locale: string, timeZone?: string): string {
  return new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", timeZone }).format(date);
}

/** A day in few letters, for a button. */
export function formatShortDay(date: Date, locale: string, timeZone?: string): string {
  return new Intl.DateTimeFormat(locale, { weekday: "short", day: "numeric", month: "short", timeZone }).format(date);
}

export function formatTime(date: Date, locale: string, timeZone?: string): string {
  return new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit", timeZone }).format(date);
}

/** The time to the second; with its day when that is not today. */
export function formatClock(date: Date, now: Date, locale: string, timeZone?: string): string {
  const day = (moment: Date) => new Intl.DateTimeFormat("en", { dateStyle: "short", timeZone }).format(moment);
  return day(date) === day(now)
    ? new Intl.DateTimeFormat(locale, { timeStyle: "medium", timeZone }).format(date)
    : new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", timeZone }).format(date);
}

const steps: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "3 minutes ago", "in 2 days"; within a minute, "now". */
export function formatRelative(date: Date, now: Date, locale: string): string {
  const seconds = (date.getTime() - now.getTime()) / 1000;
  const words = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return words.format(Math.trunc(seconds / size), unit);
  }
  return words.format(0, "second");
}

/** A span with its two largest units: "2 h 5 min". */
export function formatSpan(totalSeconds: number, locale: string): string {
  const unit = (value: number, name: "day" | "hour" | "minute" | "second") =>
    new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "short" }).format(value);
  const seconds = Math.max(0, totalSeconds);
  if (seconds < 60) return unit(seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds), "second");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return unit(minutes, "minute");
  const hours = Math.floor(minutes / 60);
  if (hours < 24) {
    return minutes % 60 === 0 ? unit(hours, "hour") : `${unit(hours, "hour")} ${unit(minutes % 60, "minute")}`;
  }
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? unit(days, "day") : `${unit(days, "day")} ${unit(hours % 24, "hour")}`;
}

export function formatNumber(value: number, locale: string): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 6 }).format(value);
}

export function formatShare(value: number, locale: string): string {
  return new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 }).format(value);
}

/** Money from its decimal text. An amount or currency we cannot read is shown as given. */
export function formatAmount(amount: string, currency: string, locale: string): string {
  const value = Number(amount);
  if (amount.trim() === "" || !Number.isFinite(value)) return `${amount} ${currency}`.trim();
  try {
    return new Intl.NumberFormat(locale, {
      style: "currency",
      currency,
      maximumFractionDigits: Number.isInteger(value) ? 0 : 2,
    }).format(value);
  } catch {
    return `${formatNumber(value, locale)} ${currency}`.trim();
  }
}

/** The name of a country from its two letters; what is no country is shown as given. */
export function formatCountry(code: string, locale: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return code;
  try {
    return new Intl.DisplayNames([locale], { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** A plain date (YYYY-MM-DD), which has no time zone. */
export function formatPlainDate(text: string, locale: string): string {
  const date = new Date(`${text}T00:00:00Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(date.getTime())) return text;
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }).format(date);
}

interface Named {
  firstname?: string | undefined;
  lastname?: string | undefined;
}

/** First and last name as far as they are known; empty when neither is. */
export function fullName(person: Named | undefined): string {
  return [person?.firstname, person?.lastname].filter((part) => part !== undefined && part !== "").join(" ");
}
