// Facts as they are shown: grouped by where they belong, written in the
// reader's locale, with a source in words. Pure.
import type { JsonValue } from "@bufbuild/protobuf";
import { DataPointType, type Fact } from "../../gen/kohomai/v1/value_pb";
import { formatAmount, formatCountry, formatMoment, formatNumber, formatPlainDate } from "../../ui/format";

export const factGroups = ["company", "lead", "data", "activity", "email", "journey", "other"] as const;
export type FactGroup = (typeof factGroups)[number];

/** The group of a key, by its namespace. */
export function groupOf(key: string): FactGroup {
  const space = key.split(".")[0];
  return factGroups.find((group) => group === space && group !== "other") ?? "other";
}

// What is worth knowing first; what is not listed follows by its key.
const order = [
  "company.name",
  "company.industry",
  "company.sector",
  "company.size",
  "company.revenue",
  "company.country",
  "company.city",
  "company.founded",
  "company.website",
  "company.domain",
  "company.description",
  "lead.email",
  "lead.firstname",
  "lead.lastname",
];

function rank(fact: Fact): number {
  const at = order.indexOf(fact.dataPoint?.key ?? "");
  return at === -1 ? order.length : at;
}

export function grouped(facts: readonly Fact[]): [FactGroup, Fact[]][] {
  return factGroups
    .map((group): [FactGroup, Fact[]] => [
      group,
      facts.filter((fact) => groupOf(fact.dataPoint?.key ?? "") === group).sort((a, b) => rank(a) - rank(b)),
    ])
    .filter(([, list]) => list.length > 0);
}

export interface Words {
  yes: string;
  no: string;
}

/** The value of a fact as text; undefined while there is none. */
export function factText(fact: Fact, locale: string, words: Words): string | undefined {
  if (fact.amountValue !== undefined) return formatAmount(fact.amountValue.amount, fact.amountValue.currency, locale);
  if (fact.booleanValue !== undefined) return fact.booleanValue ? words.yes : words.no;
  if (fact.numberValue !== undefined) return numberText(fact.dataPoint?.key ?? "", fact.numberValue, locale);
  if (fact.dateValue !== undefined) return formatPlainDate(fact.dateValue, locale);
  if (fact.dateTimeValue !== undefined) return momentText(fact.dateTimeValue, locale);
  if (fact.listValue !== undefined) return fact.listValue.values.map((v) => (v.kind.case === "stringValue" ? v.kind.value : "")).join(", ");
  if (fact.documentValue !== undefined) return `#${fact.documentValue.id}`;
  if (fact.stringValue === undefined) return undefined;
  return fact.dataPoint?.type === DataPointType.COUNTRY ? formatCountry(fact.stringValue, locale) : fact.stringValue;
}

/** A year is not a quantity: no thousands in it. */
function numberText(key: string, value: number, locale: string): string {
  const year = /(^|[._])(founded|year)$/.test(key) && Number.isInteger(value);
  return year ? String(value) : formatNumber(value, locale);
}

function momentText(text: string, locale: string): string {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : formatMoment(date, locale);
}

/** A web address that may be opened from here; undefined for anything else. */
export function factLink(fact: Fact): string | undefined {
  if (fact.dataPoint?.type !== DataPointType.URL || fact.stringValue === undefined) return undefined;
  return /^https?:\/\//i.test(fact.stringValue) ? fact.stringValue : undefined;
}

/** A value that a condition read, as plain JSON, in words. */
export function jsonText(value: JsonValue | undefined, locale: string, words: Words): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "boolean") return value ? words.yes : words.no;
  if (typeof value === "number") return formatNumber(value, locale);
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map((v) => jsonText(v, locale, words) ?? "").join(", ");
  if (typeof value.Amount === "string" && typeof value.Currency === "string") {
    return formatAmount(value.Amount, value.Currency, locale);
  }
  return JSON.stringify(value);
}

/** A value as an explanation keeps it, in plain text, written by its data point's type. */
export function readText(text: string, type: DataPointType | undefined, locale: string, words: Words): string {
  if (type === DataPointType.BOOLEAN) return text === "true" ? words.yes : text === "false" ? words.no : text;
  if (type === DataPointType.NUMBER && text.trim() !== "" && Number.isFinite(Number(text))) return formatNumber(Number(text), locale);
  if (type === DataPointType.COUNTRY) return formatCountry(text, locale);
  const [amount, currency] = text.split(" ");
  if (type === DataPointType.AMOUNT && amount !== undefined && currency !== undefined) return formatAmount(amount, currency, locale);
  return text;
}

/** The part of a source that the table of words may know: "user:12" is "user". */
export function sourceWord(source: string): string {
  return source.split(/[:/]/)[0] ?? source;
}
