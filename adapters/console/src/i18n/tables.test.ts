import { describe, expect, it } from "vitest";
import { preferredLanguage, readerLocale } from ".";
import { common as enCommon } from "./en/common";
import { front as enFront } from "./en/front";
import { office as enOffice } from "./en/office";
import { common as frCommon } from "./fr/common";
import { front as frFront } from "./fr/front";
import { office as frOffice } from "./fr/office";

/** Every text of a table, by its path. */
function texts(table: object, prefix = ""): Map<string, string> {
  const out = new Map<string, string>();
  for (const [key, value] of Object.entries(table) as [string, unknown][]) {
    if (typeof value === "string") out.set(prefix + key, value);
    else if (typeof value === "object" && value !== null) {
      for (const [path, text] of texts(value, `${prefix}${key}/`)) out.set(path, text);
    }
  }
  return out;
}

const holes = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map((m) => m[1]).sort();

describe.each([
  ["common", enCommon, frCommon],
  ["front", enFront, frFront],
  ["office", enOffice, frOffice],
])("the %s table", (_, en, fr) => {
  const source = texts(en);
  const translation = texts(fr);
  it("has the same texts in both languages, none empty", () => {
    expect([...translation.keys()].sort()).toEqual([...source.keys()].sort());
    for (const text of [...source.values(), ...translation.values()]) expect(text.trim()).not.toBe("");
  });
  it("fills the same holes in both languages", () => {
    for (const [path, text] of source) expect(holes(translation.get(path) ?? ""), path).toEqual(holes(text));
  });
});

describe("preferredLanguage", () => {
  it.each([
    [null, ["fr-CA", "en"], "fr"],
    [null, ["de-DE", "fr"], "fr"],
    [null, ["de-DE"], "en"],
    [null, [], "en"],
    ["fr", ["en-GB"], "fr"],
    ["klingon", ["en-GB"], "en"],
  ])("%s and %j give %s", (stored, browser, language) => {
    expect(preferredLanguage(stored, browser)).toBe(language);
  });
});

it("writes numbers in the reader's own form of the language", () => {
  expect(readerLocale("en", ["fr-FR", "en-GB"])).toBe("en-GB");
  expect(readerLocale("fr", ["en-GB"])).toBe("fr");
});
