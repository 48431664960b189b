// The way a journey went: stages and decisions in one line, as they happened.
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Activity, Decision, Journey, Stage } from "../../gen/kohomai/v1/journey_pb";
import { ActivityStatus } from "../../gen/kohomai/v1/journey_pb";

export type Step = { kind: "stage"; stage: Stage } | { kind: "decision"; decision: Decision };

function millis(at: Timestamp | undefined): number {
  // What has not happened yet comes last.
  return at === undefined ? Number.POSITIVE_INFINITY : Number(at.seconds) * 1000 + at.nanos / 1e6;
}

/**
 * Merges visits of stages and decisions by their time. Both lists arrive in
 * their own order, which is kept; at the same moment a decision comes before
 * the stage it led to, unless the stage had ended by then.
 */
export function pathOf(journey: Journey): Step[] {
  const steps: Step[] = [];
  const decisions = [...journey.decisions];
  for (const stage of journey.stages) {
    const started = millis(stage.startedAt);
    while (decisions[0] !== undefined && millis(decisions[0].decidedAt) <= started) {
      const [decision] = decisions.splice(0, 1);
      if (decision !== undefined) steps.push({ kind: "decision", decision });
    }
    steps.push({ kind: "stage", stage });
  }
  return [...steps, ...decisions.map((decision): Step => ({ kind: "decision", decision }))];
}

export type Act = "approve" | "refuse" | "done" | "retry" | "skip" | "assign";

/** What a colleague can do about an activity now, the main one first. */
export function actsOf(activity: Activity): Act[] {
  switch (activity.status) {
    case ActivityStatus.IN_PROGRESS:
    case ActivityStatus.BLOCKED: {
      const acts: Act[] = [];
      if (activity.status === ActivityStatus.IN_PROGRESS || activity.attempts === 0) {
        if (activity.connector === "approval") acts.push("approve", "refuse");
        if (activity.connector === "task") acts.push("done");
      }
      if (activity.status === ActivityStatus.BLOCKED) acts.push("retry");
      return [...acts, "assign", "skip"];
    }
    case ActivityStatus.FAILED:
      // A refusal was somebody's word: it is not tried again.
      return activity.reason === "Rejected" ? ["skip"] : ["retry", "skip"];
    case ActivityStatus.UNSPECIFIED:
    case ActivityStatus.PENDING:
    case ActivityStatus.COMPLETED:
    case ActivityStatus.SKIPPED:
    case ActivityStatus.CANCELLED:
      return [];
  }
}
