import { describe, expect, it } from "vitest";
import { leaveTarget } from "./redirect";

describe("leaveTarget", () => {
  it.each(["https://shop.example/back?x=1", "http://localhost:3000/", "http://127.0.0.1:8080/x"])("goes to %s", (a) => {
    expect(leaveTarget(a)?.href).toBe(a);
  });
  it.each([
    undefined,
    "",
    "/relative",
    "//other.example",
    "http://shop.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://user:pass@shop.example",
    "http://localhost.example/",
  ])("refuses %s", (a) => {
    expect(leaveTarget(a)).toBeUndefined();
  });
});
