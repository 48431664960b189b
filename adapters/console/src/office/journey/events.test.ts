import { describe, expect, it } from "vitest";
import { eventDetail } from "./events";

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
