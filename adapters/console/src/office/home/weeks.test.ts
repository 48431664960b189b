import { expect, it } from "vitest";
import { byWeek } from "./weeks";

it("counts this week from Monday on, and the week before", () => {
  const wednesday = new Date(2026, 10, 25, 15);
  const at = (day: number, hour = 0) => new Date(2026, 10, day, hour);
  expect(byWeek([at(23), at(25, 14), at(22, 23), at(16), at(15, 23), undefined], wednesday)).toEqual({ thisWeek: 2, lastWeek: 2 });
  expect(byWeek([], wednesday)).toEqual({ thisWeek: 0, lastWeek: 0 });
  // On a Sunday the week is not over.
  expect(byWeek([at(23)], at(29, 22))).toEqual({ thisWeek: 1, lastWeek: 0 });
});
