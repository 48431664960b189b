import { describe, expect, it } from "vitest";
import {
  formatAmount,
  formatCountry,
  formatPlainDate,
  formatRelative,
  formatShare,
  formatSpan,
  fullName,
  toDate,
  formatClock,
} from "./format";

/** Intl writes narrow spaces of several kinds; the tests compare words. */
const plain = (text: string) => text.replace(/[\u00a0\u202f\u2009]/g, " ");

describe("formatRelative", () => {
  const now = new Date("2026-03-10T12:00:00Z");
  it.each([
    ["2026-03-10T12:00:20Z", "now"],
    ["2026-03-10T11:57:00Z", "3 minutes ago"],
    ["2026-03-12T13:00:00Z", "in 2 days"],
    ["2026-03-09T11:00:00Z", "yesterday"],
    ["2024-03-01T00:00:00Z", "2 years ago"],
  ])("%s is %s", (at, words) => {
    expect(formatRelative(new Date(at), now, "en")).toBe(words);
  });
  it("speaks French", () => {
    expect(formatRelative(new Date("2026-03-10T11:57:00Z"), now, "fr")).toBe("il y a 3 minutes");
  });
});

describe("formatSpan", () => {
  it.each([
    [0.42, "0.4 sec"],
    [59, "59 sec"],
    [60, "1 min"],
    [7_500, "2 hr 5 min"],
    [7_200, "2 hr"],
    [90_000, "1 day 1 hr"],
    [-3, "0 sec"],
  ])("%d s is %s", (seconds, words) => {
    expect(plain(formatSpan(seconds, "en"))).toBe(words);
  });
});

describe("formatAmount", () => {
  it.each([
    ["637959000000", "USD", "$637,959,000,000"],
    ["1250.5", "EUR", "€1,250.50"],
    ["12", "nonsense", "12 nonsense"],
    ["many", "USD", "many USD"],
    ["", "USD", "USD"],
  ])("%s %s is %s", (amount, currency, words) => {
    expect(plain(formatAmount(amount, currency, "en-US"))).toBe(words);
  });
});

describe("other values", () => {
  it("names countries and leaves the rest alone", () => {
    expect(formatCountry("FR", "en")).toBe("France");
    expect(formatCountry("US", "fr")).toBe("États-Unis");
    expect(formatCountry("fr", "en")).toBe("fr");
  });
  it("writes plain dates without shifting the day", () => {
    expect(formatPlainDate("1994-07-05", "en-US")).toBe("Jul 5, 1994");
    expect(formatPlainDate("1994", "en-US")).toBe("1994");
  });
  it("writes shares", () => {
    expect(plain(formatShare(0.835, "en"))).toBe("84%");
  });
  it("joins names", () => {
    expect(fullName({ firstname: "Ada", lastname: "" })).toBe("Ada");
    expect(fullName(undefined)).toBe("");
  });
  it("reads protobuf moments", () => {
    expect(toDate(undefined)).toBeUndefined();
    expect(toDate({ $typeName: "google.protobuf.Timestamp", seconds: 1n, nanos: 500_000_000 })?.getTime()).toBe(1500);
  });
});

it("writes the clock to the second, and the day when it is another", () => {
  const now = new Date("2026-11-24T15:40:41Z");
  expect(formatClock(new Date("2026-11-24T15:40:12Z"), now, "en-GB", "UTC")).toBe("15:40:12");
  expect(formatClock(new Date("2026-11-23T15:40:12Z"), now, "en-GB", "UTC")).toBe("23 Nov 2026, 15:40");
});
