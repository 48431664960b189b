import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { formatClock, formatExact, formatRelative, toDate } from "./format";
import { useLocale } from "./useLocale";
import { useNow } from "./useNow";

/** A moment as people say it ("3 minutes ago"), the exact one on hover and for screen readers. */
export function Moment({ at, className }: { at: Timestamp | undefined; className?: string | undefined }) {
  const locale = useLocale();
  const now = useNow();
  const date = toDate(at);
  if (date === undefined) return null;
  // A clock of ours that is a little behind must not put the past in the future.
  const shown = date > now && date.getTime() - now.getTime() < 60_000 ? now : date;
  return (
    <time className={className} dateTime={date.toISOString()} title={formatExact(date, locale)}>
      {formatRelative(shown, now, locale)}
    </time>
  );
}

/** A moment by the clock, for what happens in quick succession; the date where it is another day. */
export function Clock({ at, className }: { at: Timestamp | undefined; className?: string | undefined }) {
  const locale = useLocale();
  const now = useNow();
  const date = toDate(at);
  if (date === undefined) return null;
  return (
    <time className={className} dateTime={date.toISOString()} title={formatExact(date, locale)}>
      {formatClock(date, now, locale)}
    </time>
  );
}
