import { describe, expect, it } from "vitest";
import { activityAddress, placeOf } from "./address";

describe("placeOf", () => {
  it.each([
    ["/f", { at: "home" }],
    ["/f/", { at: "home" }],
    ["/f/journeys/12", { at: "home" }],
    [activityAddress("9007199254740991"), { at: "activity", runId: "9007199254740991" }],
    ["/f/activities/7/", { at: "activity", runId: "7" }],
    ["/f/activities/seven", { at: "nowhere" }],
    ["/f/elsewhere", { at: "nowhere" }],
  ])("%s", (pathname, place) => {
    expect(placeOf(pathname)).toEqual(place);
  });
});
