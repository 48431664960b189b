import { create, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { FieldSchema, type Field } from "../../gen/kohomai/front/v1/front_pb";
import { answerFrom, autoCompleteOf, readNumber, valueOf, wrongWith } from "./fields";

const field = (type: string, more: Partial<Pick<Field, "required" | "options" | "key">> = {}): Field =>
  create(FieldSchema, { key: "data.x", label: "X", type, ...more });

describe("round trip", () => {
  it.each<[string, JsonValue, string[]]>([
    ["Text", "some text", []],
    ["Number", 250, []],
    ["Choice", "team", ["free", "team"]],
    ["Boolean", false, []],
    ["List", ["a", "b"], []],
    ["List", ["a"], ["a", "b"]],
    ["Amount", { Amount: "1250.5", Currency: "EUR" }, []],
    ["Date", "2026-03-01", []],
    ["DateTime", "2026-03-01T10:30:00.000Z", []],
    ["Email", "ada@example.com", []],
    ["Country", "FR", []],
  ])("%s keeps %j", (type, value, options) => {
    const f = field(type, { options });
    expect(valueOf(f, answerFrom(f, value))).toEqual(value);
    expect(wrongWith(f, answerFrom(f, value))).toBeUndefined();
  });

  it.each(["Text", "Number", "Boolean", "List", "Amount", "Date", "DateTime"])("%s unknown stays unknown", (type) => {
    expect(valueOf(field(type), answerFrom(field(type), undefined))).toBeUndefined();
    expect(valueOf(field(type), answerFrom(field(type), null))).toBeUndefined();
  });
});

describe("wrongWith", () => {
  const text = (value: string) => ({ kind: "text", text: value }) as const;
  it("asks for what is required only", () => {
    expect(wrongWith(field("Text", { required: true }), text("  "))).toBe("missing");
    expect(wrongWith(field("Choice", { required: true, options: ["a"] }), text(""))).toBe("missingChoice");
    expect(wrongWith(field("Boolean", { required: true }), { kind: "flag", value: undefined })).toBe("missingChoice");
    expect(wrongWith(field("Text"), text(""))).toBeUndefined();
  });
  it.each([
    ["Email", "ada", "badEmail"],
    ["Url", "example.com", "badUrl"],
    ["Number", "about ten", "badNumber"],
    ["Date", "someday", "badDate"],
  ])("%s refuses %s", (type, value, wrong) => {
    expect(wrongWith(field(type), text(value))).toBe(wrong);
  });
  it("reads both parts of an amount", () => {
    expect(wrongWith(field("Amount"), { kind: "amount", amount: "12", currency: "euro" })).toBe("badCurrency");
    expect(wrongWith(field("Amount"), { kind: "amount", amount: "", currency: "EUR" })).toBe("badNumber");
    expect(wrongWith(field("Amount"), { kind: "amount", amount: "1 200,50", currency: "eur" })).toBeUndefined();
  });
});

describe("readNumber", () => {
  it.each([
    ["250", 250],
    ["1 250,5", 1250.5],
    ["1,250.50", 1250.5],
    ["1,250", 1250],
    ["1.250.000", 1250000],
    ["3.5", 3.5],
    ["-4", -4],
    ["1'000", 1000],
  ])("%s is %d", (text, value) => {
    expect(readNumber(text)).toBe(value);
  });
  it.each(["", "ten", "1e9", "1..2", "--1", "0x10"])("%j is no number", (text) => {
    expect(readNumber(text)).toBeUndefined();
  });
});

it("lets browsers fill in what they know", () => {
  expect(autoCompleteOf(field("Text", { key: "company.name" }))).toBe("organization");
  expect(autoCompleteOf(field("Email"))).toBe("email");
  expect(autoCompleteOf(field("Number"))).toBe("off");
});

it("reads values as they arrive", () => {
  const f = fromJson(FieldSchema, { Key: "k", Label: "L", Type: "Number", Value: 3 });
  expect(f.value?.kind).toEqual({ case: "numberValue", value: 3 });
});
