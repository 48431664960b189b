import { describe, expect, it } from "vitest";
import { addInterval, pieceBetween, rounded, totalSeconds, type Interval } from "./watched";

const all = (...intervals: Interval[]) => intervals.reduce<Interval[]>((set, i) => addInterval(set, i), []);

describe("addInterval", () => {
  it("joins what touches and keeps what does not", () => {
    expect(all([0, 5], [5, 8], [20, 22])).toEqual([
      [0, 8],
      [20, 22],
    ]);
  });
  it("counts a piece watched twice once", () => {
    expect(totalSeconds(all([0, 10], [2, 6], [0, 10]))).toBe(10);
  });
  it("bridges a gap that is filled later", () => {
    expect(all([0, 4], [8, 12], [3, 9])).toEqual([[0, 12]]);
  });
  it.each([
    [5, 5],
    [6, 5],
    [-1, 2],
    [NaN, 2],
    [0, Infinity],
  ] as Interval[])("ignores %s to %s", (from, to) => {
    expect(addInterval([[1, 2]], [from, to])).toEqual([[1, 2]]);
  });
  it("never loses or invents a second, in any order", () => {
    // Every order of four pieces gives the same set.
    const pieces: Interval[] = [
      [0, 3],
      [2, 5],
      [9, 10],
      [5, 6],
    ];
    const orders = pieces.flatMap((a, i) =>
      pieces.filter((_, j) => j !== i).flatMap((b) => [[a, b, ...pieces.filter((p) => p !== a && p !== b)]]),
    );
    for (const order of orders) {
      expect(all(...order)).toEqual([
        [0, 6],
        [9, 10],
      ]);
    }
  });
});

describe("pieceBetween", () => {
  it("counts playing", () => {
    expect(pieceBetween({ position: 1, at: 1000 }, { position: 1.25, at: 1250 })).toEqual([1, 1.25]);
    expect(pieceBetween({ position: 1, at: 1000 }, { position: 5, at: 3000 })).toEqual([1, 5]);
  });
  it("does not count a jump ahead, a jump back, or standing still", () => {
    expect(pieceBetween({ position: 1, at: 1000 }, { position: 30, at: 1250 })).toBeUndefined();
    expect(pieceBetween({ position: 9, at: 1000 }, { position: 2, at: 1250 })).toBeUndefined();
    expect(pieceBetween({ position: 9, at: 1000 }, { position: 9, at: 1250 })).toBeUndefined();
  });
});

describe("rounded", () => {
  it("keeps tenths and drops what vanishes", () => {
    expect(
      rounded([
        [0.04, 3.26],
        [5.01, 5.02],
      ]),
    ).toEqual([[0, 3.3]]);
  });
});
