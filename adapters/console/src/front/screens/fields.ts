// The answers of a form: what is shown, what is wrong, what is sent. Pure.
import type { JsonValue } from "@bufbuild/protobuf";
import type { Field } from "../../gen/kohomai/front/v1/front_pb";

/** An answer while it is being entered. */
export type Answer =
  | { kind: "text"; text: string }
  | { kind: "amount"; amount: string; currency: string }
  | { kind: "many"; chosen: string[] }
  | { kind: "flag"; value: boolean | undefined };

/** Key of a text below form. in the words of the front-office. */
export type Wrong =
  | "missing"
  | "missingChoice"
  | "badEmail"
  | "badUrl"
  | "badNumber"
  | "badCurrency"
  | "badDate";

type Shape = "text" | "amount" | "many" | "flag";

export function shapeOf(field: Field): Shape {
  switch (field.type) {
    case "Amount":
      return "amount";
    case "Boolean":
      return "flag";
    case "List":
      return field.options.length > 0 ? "many" : "text";
    default:
      return "text";
  }
}

function isObject(value: JsonValue | undefined): value is Record<string, JsonValue> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asText(value: JsonValue | undefined): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  return "";
}

/** What is known already, as the answer to begin with. Values of another shape begin empty. */
export function answerFrom(field: Field, value: JsonValue | undefined): Answer {
  switch (shapeOf(field)) {
    case "amount":
      return isObject(value)
        ? { kind: "amount", amount: asText(value.Amount), currency: asText(value.Currency) }
        : { kind: "amount", amount: "", currency: "" };
    case "flag":
      return { kind: "flag", value: typeof value === "boolean" ? value : undefined };
    case "many":
      return { kind: "many", chosen: Array.isArray(value) ? value.map(asText).filter((t) => t !== "") : [] };
    case "text":
      if (Array.isArray(value)) return { kind: "text", text: value.map(asText).join("\n") };
      if (field.type === "DateTime") return { kind: "text", text: localDateTime(asText(value)) };
      return { kind: "text", text: asText(value) };
  }
}

/** RFC 3339 to what a date-time input holds, in the reader's own zone. */
function localDateTime(text: string): string {
  const date = new Date(text);
  if (text === "" || Number.isNaN(date.getTime())) return "";
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Reads a number as people write it: a comma or a point before the decimals, spaces between thousands. */
export function readNumber(text: string): number | undefined {
  let plain = text.replace(/[\s\u00a0\u202f']/g, "");
  if (/^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(plain)) plain = plain.replaceAll(",", "");
  else if (/^[-+]?\d{1,3}(\.\d{3}){2,}(,\d+)?$/.test(plain)) plain = plain.replaceAll(".", "").replace(",", ".");
  else plain = plain.replace(",", ".");
  if (!/^[-+]?(\d+(\.\d*)?|\.\d+)$/.test(plain)) return undefined;
  return Number(plain);
}

/** An answer as it is sent; undefined when there is none. */
export function valueOf(field: Field, answer: Answer): JsonValue | undefined {
  switch (answer.kind) {
    case "flag":
      return answer.value;
    case "many":
      return answer.chosen.length > 0 ? [...answer.chosen] : undefined;
    case "amount": {
      const amount = readNumber(answer.amount);
      if (amount === undefined) return undefined;
      return { Amount: String(amount), Currency: answer.currency.trim().toUpperCase() };
    }
    case "text":
      return textValue(field, answer.text.trim());
  }
}

function textValue(field: Field, text: string): JsonValue | undefined {
  if (text === "") return undefined;
  switch (field.type) {
    case "Number":
      return readNumber(text);
    case "List":
      return text
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "");
    case "DateTime": {
      const date = new Date(text);
      return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
    }
    default:
      return text;
  }
}

function isEmpty(answer: Answer): boolean {
  switch (answer.kind) {
    case "flag":
      return answer.value === undefined;
    case "many":
      return answer.chosen.length === 0;
    case "amount":
      return answer.amount.trim() === "" && answer.currency.trim() === "";
    case "text":
      return answer.text.trim() === "";
  }
}

/** What is wrong with an answer, or undefined. The server judges again, and finally. */
export function wrongWith(field: Field, answer: Answer): Wrong | undefined {
  if (isEmpty(answer)) {
    if (!field.required) return undefined;
    return field.options.length > 0 || answer.kind === "flag" ? "missingChoice" : "missing";
  }
  if (answer.kind === "amount") {
    if (readNumber(answer.amount) === undefined) return "badNumber";
    return /^[A-Za-z]{3}$/.test(answer.currency.trim()) ? undefined : "badCurrency";
  }
  if (answer.kind !== "text") return undefined;
  const text = answer.text.trim();
  switch (field.type) {
    case "Email":
      return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text) ? undefined : "badEmail";
    case "Url":
      return /^https?:\/\/[^\s]+$/i.test(text) ? undefined : "badUrl";
    case "Number":
      return readNumber(text) === undefined ? "badNumber" : undefined;
    case "Date":
    case "DateTime":
      return Number.isNaN(new Date(text).getTime()) ? "badDate" : undefined;
    default:
      return undefined;
  }
}

/** What browsers may fill in by themselves (WCAG 1.3.5). */
export function autoCompleteOf(field: Field): string {
  const known: Record<string, string> = {
    "lead.firstname": "given-name",
    "lead.lastname": "family-name",
    "lead.email": "email",
    "lead.phone": "tel",
    "company.name": "organization",
    "company.website": "url",
    "company.country": "country",
    "company.city": "address-level2",
  };
  const byType: Record<string, string> = { Email: "email", Phone: "tel" };
  return known[field.key] ?? byType[field.type] ?? "off";
}
