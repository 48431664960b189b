import { describe, expect, it } from "vitest";
import { readJourneysSearch, readLeadsSearch, readSignInSearch } from "./search";

describe("readJourneysSearch", () => {
  it("reads filters and leaves nonsense out", () => {
    expect(readJourneysSearch({ q: "ada", status: ["Blocked", "Blocked", "Nope", 3], funnel: 12 })).toEqual({
      q: "ada",
      status: ["Blocked"],
      funnel: "12",
    });
    expect(readJourneysSearch({ status: "Converted" })).toEqual({ status: ["Converted"] });
    expect(readJourneysSearch({ q: " ", status: "toString", funnel: "1; drop" })).toEqual({});
  });
});

describe("readLeadsSearch", () => {
  it("reads text, also when it looks like a number", () => {
    expect(readLeadsSearch({ q: 42 })).toEqual({ q: "42" });
    expect(readLeadsSearch({ q: { a: 1 } })).toEqual({});
  });
});

describe("readSignInSearch", () => {
  it("goes on within the console only", () => {
    expect(readSignInSearch({ token: "t", next: "/journeys/7?x=1" })).toEqual({ token: "t", next: "/journeys/7?x=1" });
    for (const next of ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "x"]) {
      expect(readSignInSearch({ next })).toEqual({});
    }
  });
});
