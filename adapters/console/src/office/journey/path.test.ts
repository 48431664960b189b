import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { ActivitySchema, ActivityStatus, JourneySchema } from "../../gen/kohomai/v1/journey_pb";
import { actsOf, pathOf } from "./path";

const at = (ms: number) => timestampFromMs(ms);

function keys(journey: Parameters<typeof pathOf>[0]): string[] {
  return pathOf(journey).map((step) =>
    step.kind === "stage" ? `${step.stage.key}/${step.stage.visit}` : `?${step.decision.key}/${step.decision.visit}`,
  );
}

describe("pathOf", () => {
  it("puts a decision before the stage it led to, at the same moment", () => {
    const journey = create(JourneySchema, {
      stages: [
        { key: "ask", visit: 1, startedAt: at(10) },
        { key: "kickoff", visit: 1, startedAt: at(50) },
      ],
      decisions: [
        { key: "fit", visit: 1, decidedAt: at(10) },
        { key: "fit", visit: 2, decidedAt: at(50) },
        { key: "size", visit: 1 },
      ],
    });
    expect(keys(journey)).toEqual(["?fit/1", "ask/1", "?fit/2", "kickoff/1", "?size/1"]);
  });
  it("puts what is still awaited last", () => {
    const journey = create(JourneySchema, {
      stages: [{ key: "welcome", visit: 1, startedAt: at(5) }],
      decisions: [{ key: "fit", visit: 1 }],
    });
    expect(keys(journey)).toEqual(["welcome/1", "?fit/1"]);
  });
});

describe("actsOf", () => {
  const acts = (status: ActivityStatus, connector = "form", reason?: string) =>
    actsOf(create(ActivitySchema, { status, connector, ...(reason === undefined ? {} : { reason }) }));
  it("offers what the activity's kind allows", () => {
    expect(acts(ActivityStatus.IN_PROGRESS, "approval")).toEqual(["approve", "refuse", "assign", "skip"]);
    expect(acts(ActivityStatus.IN_PROGRESS, "task")).toEqual(["done", "assign", "skip"]);
    expect(acts(ActivityStatus.IN_PROGRESS, "calendly")).toEqual(["assign", "skip"]);
    expect(acts(ActivityStatus.FAILED, "echo")).toEqual(["retry", "skip"]);
    expect(acts(ActivityStatus.FAILED, "approval", "Rejected")).toEqual(["skip"]);
  });
  it("offers nothing for what is over or not reached", () => {
    for (const status of [
      ActivityStatus.PENDING,
      ActivityStatus.COMPLETED,
      ActivityStatus.SKIPPED,
      ActivityStatus.CANCELLED,
    ]) {
      expect(acts(status)).toEqual([]);
    }
  });
});
