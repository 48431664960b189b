import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { DataPointType, FactSchema, type Fact } from "../../gen/kohomai/v1/value_pb";
import { factLink, factText, grouped, groupOf, jsonText, readText, sourceWord } from "./facts";

const words = { yes: "Yes", no: "No" };
const fact = (key: string, type: DataPointType, init: Exclude<MessageInitShape<typeof FactSchema>, Fact>) =>
  create(FactSchema, { ...init, dataPoint: { key, name: key, type } });

describe("factText", () => {
  it.each<[Fact, string]>([
    [fact("company.size", DataPointType.NUMBER, { numberValue: 1608000 }), "1,608,000"],
    [fact("company.founded", DataPointType.NUMBER, { numberValue: 1994 }), "1994"],
    [fact("email.freemail", DataPointType.BOOLEAN, { booleanValue: false }), "No"],
    [fact("company.country", DataPointType.COUNTRY, { stringValue: "US" }), "United States"],
    [fact("company.revenue", DataPointType.AMOUNT, { amountValue: { amount: "500", currency: "USD" } }), "$500"],
    [fact("company.founded", DataPointType.DATE, { dateValue: "1994-07-05" }), "Jul 5, 1994"],
    [fact("data.x", DataPointType.TEXT, { stringValue: "" }), ""],
    [fact("data.when", DataPointType.DATE_TIME, { dateTimeValue: "not a date" }), "not a date"],
  ])("%#", (f, text) => {
    expect(factText(f, "en-US", words)).toBe(text);
  });
  it("says nothing for what is unknown", () => {
    expect(factText(fact("company.size", DataPointType.NUMBER, {}), "en", words)).toBeUndefined();
  });
});

it("groups by namespace in a fixed order", () => {
  const facts = ["data.plan", "company.size", "weird", "lead.email"].map((key) => fact(key, DataPointType.TEXT, {}));
  expect(grouped(facts).map(([group, list]) => [group, list.length])).toEqual([
    ["company", 1],
    ["lead", 1],
    ["data", 1],
    ["other", 1],
  ]);
  expect(groupOf("activity.call.slot")).toBe("activity");
});

it("opens web addresses only", () => {
  expect(factLink(fact("company.website", DataPointType.URL, { stringValue: "https://amazon.com" }))).toBe("https://amazon.com");
  expect(factLink(fact("company.website", DataPointType.URL, { stringValue: "javascript:alert(1)" }))).toBeUndefined();
  expect(factLink(fact("data.x", DataPointType.TEXT, { stringValue: "https://amazon.com" }))).toBeUndefined();
});

it("writes what conditions read", () => {
  expect(jsonText(250, "en", words)).toBe("250");
  expect(jsonText(true, "en", words)).toBe("Yes");
  expect(jsonText(null, "en", words)).toBeUndefined();
  expect(jsonText(["a", "b"], "en", words)).toBe("a, b");
  expect(jsonText({ Amount: "5", Currency: "USD" }, "en-US", words)).toBe("$5");
});

it("writes the texts of an explanation by their type", () => {
  expect(readText("1608000", DataPointType.NUMBER, "en-US", words)).toBe("1,608,000");
  expect(readText("n/a", DataPointType.NUMBER, "en-US", words)).toBe("n/a");
  expect(readText("false", DataPointType.BOOLEAN, "en-US", words)).toBe("No");
  expect(readText("5000000 USD", DataPointType.AMOUNT, "en-US", words)).toBe("$5,000,000");
  expect(readText("FR", DataPointType.COUNTRY, "en-US", words)).toBe("France");
  expect(readText("1608000", undefined, "en-US", words)).toBe("1608000");
});

it("finds the word of a source", () => {
  expect(sourceWord("user:12")).toBe("user");
  expect(sourceWord("bundled")).toBe("bundled");
});
