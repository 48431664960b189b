// What of a film was really watched: a set of intervals in seconds of the film.
// Pure, so that the measure can be tried without a player.

export type Interval = readonly [from: number, to: number];

/** Adds an interval, joining what touches. Nonsense (empty, negative, not finite) adds nothing. */
export function addInterval(intervals: readonly Interval[], added: Interval): Interval[] {
  const [from, to] = added;
  if (!Number.isFinite(from) || !Number.isFinite(to) || from < 0 || to <= from) return [...intervals];
  const touches = (i: Interval) => i[0] <= to + 0.05 && i[1] >= from - 0.05;
  const joined = intervals.filter(touches);
  const apart = intervals.filter((i) => !touches(i));
  const whole: Interval = [Math.min(from, ...joined.map((i) => i[0])), Math.max(to, ...joined.map((i) => i[1]))];
  return [...apart, whole].sort((a, b) => a[0] - b[0]);
}

export function totalSeconds(intervals: readonly Interval[]): number {
  return intervals.reduce((sum, [from, to]) => sum + to - from, 0);
}

/** A reading of a player: where the film is, at what moment of the viewer's clock. */
export interface Reading {
  position: number;
  at: number;
}

const maxRate = 2;
const slack = 0.75;

/**
 * The piece watched between two readings while the film was playing, or
 * undefined when the film was moved rather than played: backwards, or further
 * than playing at twice the speed could have come.
 */
export function pieceBetween(before: Reading, after: Reading): Interval | undefined {
  const played = after.position - before.position;
  const elapsed = (after.at - before.at) / 1000;
  if (played <= 0 || played > elapsed * maxRate + slack) return undefined;
  return [before.position, after.position];
}

/** Intervals as they are reported: rounded to tenths, so that a report stays short. */
export function rounded(intervals: readonly Interval[]): number[][] {
  const tenth = (n: number) => Math.round(n * 10) / 10;
  return intervals.map(([from, to]) => [tenth(from), tenth(to)]).filter(([from, to]) => (to ?? 0) > (from ?? 0));
}
