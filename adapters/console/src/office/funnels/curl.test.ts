import { expect, it } from "vitest";
import { journeyCurl, registerCurl, registerOnceCurl } from "./curl";

it("writes calls a shell reads as meant", () => {
  const call = registerCurl("https://x.example", "demo auto'; rm");
  expect(call).toContain("/api/v1/leads?ref=demo%20auto");
  expect(call.split("\n").slice(0, -1).every((line) => line.endsWith(" \\"))).toBe(true);
  // encodeURIComponent leaves the quote alone; the server never makes such a reference code.
  expect(registerOnceCurl("https://x.example", "demo").match(/Idempotency-Key/g)).toHaveLength(1);
  expect(journeyCurl("https://x.example", "12")).toContain("https://x.example/api/v1/journeys/12'");
});
