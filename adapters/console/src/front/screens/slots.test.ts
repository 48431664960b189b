import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { SlotSchema } from "../../gen/kohomai/front/v1/front_pb";
import { byDay } from "./slots";

const slot = (at: string) => create(SlotSchema, { start: timestampFromDate(new Date(at)) });

describe("byDay", () => {
  it("puts a moment on the reader's day, not the host's", () => {
    const slots = [slot("2026-03-10T23:30:00Z"), slot("2026-03-10T09:00:00Z")];
    expect(byDay(slots, "UTC").map((d) => [d.key, d.times.length])).toEqual([["2026-03-10", 2]]);
    expect(byDay(slots, "Europe/Paris").map((d) => d.key)).toEqual(["2026-03-10", "2026-03-11"]);
  });
  it("orders days and times and submits what the host offered", () => {
    const days = byDay([slot("2026-03-11T10:00:00Z"), slot("2026-03-10T10:00:00Z"), slot("2026-03-10T09:30:00Z")], "UTC");
    expect(days.map((d) => d.times.map((t) => t.start))).toEqual([
      ["2026-03-10T09:30:00Z", "2026-03-10T10:00:00Z"],
      ["2026-03-11T10:00:00Z"],
    ]);
  });
  it("has no day without slots", () => {
    expect(byDay([], "UTC")).toEqual([]);
  });
});
