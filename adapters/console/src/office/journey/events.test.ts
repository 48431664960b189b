import { describe, expect, it } from "vitest";
import * as sample from "../../testing/sample";
import { fullName } from "../../ui/format";
import { actorOf, eventDetail } from "./events";

describe("eventDetail", () => {
  it.each([
    [{ Branch: "Enterprise" }, "Enterprise"],
    [{ Name: "Kick-off call", Reason: "Timeout", Status: "Failed" }, "Kick-off call → Timeout"],
    [{ Name: { Key: "call" } }, "call"],
    [{ Id: 7 }, undefined],
    [{}, undefined],
    [undefined, undefined],
  ])("%j says %s", (data, words) => {
    expect(eventDetail(data)).toBe(words);
  });
});

it("names who caused an event, as far as the journey knows them", () => {
  const journey = sample.journey(Date.now());
  expect(actorOf(`user ${journey.lead?.id ?? ""}`, journey)).toBe(fullName(journey.lead) || journey.lead?.email);
  expect(actorOf("user 999999", journey)).toBe("");
  expect(actorOf("the API", journey)).toBe("the API");
  expect(actorOf(undefined, journey)).toBeUndefined();
});
