import type { JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { readDefinition } from "./definition";

const definition: JsonObject = {
  Name: "B2B onboarding",
  Start: "fit",
  Nodes: [
    { Key: "declined", Kind: "End", Result: "NotQualified" },
    { Key: "done", Kind: "End", Result: "Converted" },
    { Key: "lost", Kind: "Stage", Name: "Nowhere", Next: "done" },
    {
      Key: "kickoff",
      Kind: "Stage",
      Name: "Kick-off",
      Activities: [
        { Key: "call", Connector: "calendly", Assignee: { Lead: true }, Due: { In: "72h" }, Timeout: "14d" },
        { Key: "check", Connector: "approval", Assignee: { Policy: "account-managers" }, OnFailure: { Next: "declined" } },
        { Key: "sign", Connector: "esign", Assignee: { Stakeholder: "signatory" }, Required: false, OnFailure: "Continue" },
      ],
      Next: "done",
    },
    {
      Key: "fit",
      Kind: "Decision",
      Name: "Good fit?",
      Branches: [{ Name: "Enterprise", When: "company.size >= 200", Next: "kickoff" }],
      Unknown: { After: "30s", Next: "kickoff" },
      Otherwise: "declined",
    },
  ],
};

describe("readDefinition", () => {
  const read = readDefinition(definition);
  it("orders nodes as a reader follows them", () => {
    expect(read?.nodes.map((node) => node.key)).toEqual(["fit", "kickoff", "lost", "declined", "done"]);
  });
  it("reads activities with all that is said about them", () => {
    const stage = read?.nodes.find((node) => node.key === "kickoff");
    expect(stage?.kind === "Stage" && stage.activities).toMatchObject([
      { name: "call", assignee: { kind: "lead" }, dueIn: "72h", timeout: "14d", required: true },
      { assignee: { kind: "policy", name: "account-managers" }, onFailure: "declined" },
      { assignee: { kind: "stakeholder", name: "signatory" }, onFailure: "Continue", required: false },
    ]);
  });
  it.each<JsonObject | undefined>([undefined, {}, { Nodes: 3 }, { Nodes: [null, "x", { Kind: "Riddle" }] }])("%j cannot be drawn", (d) => {
    expect(readDefinition(d)).toBeUndefined();
  });
  it("does not run in circles", () => {
    const loop: JsonObject = { Start: "a", Nodes: [{ Key: "a", Kind: "Stage", Next: "b" }, { Key: "b", Kind: "Stage", Next: "a", MaxVisits: 2 }] };
    expect(readDefinition(loop)?.nodes.map((node) => node.key)).toEqual(["a", "b"]);
  });
});
