// Weeks begin on Monday, in the reader's own time zone. Pure.

/** Midnight of the Monday on or before a moment. */
function mondayOf(moment: Date): Date {
  const daysSince = (moment.getDay() + 6) % 7;
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate() - daysSince);
}

/** How many moments lie in the week of now, and how many in the one before. */
export function byWeek(moments: readonly (Date | undefined)[], now: Date): { thisWeek: number; lastWeek: number } {
  const monday = mondayOf(now);
  const before = new Date(monday.getFullYear(), monday.getMonth(), monday.getDate() - 7);
  const known = moments.filter((moment) => moment !== undefined);
  return {
    thisWeek: known.filter((moment) => moment >= monday).length,
    lastWeek: known.filter((moment) => moment >= before && moment < monday).length,
  };
}
