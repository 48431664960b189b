import type { Icon } from "@tabler/icons-react";
import classes from "./StatusChip.module.css";

export type Tone = "progress" | "blocked" | "done" | "failed" | "lead" | "neutral";

/** A status: an icon and a word; the color only repeats them. */
export function StatusChip({ tone, icon: Glyph, word }: { tone: Tone; icon: Icon; word: string }) {
  return (
    <span className={`${classes.chip} ${classes[tone]}`} data-tone={tone}>
      <Glyph size={15} stroke={2} aria-hidden />
      {word}
    </span>
  );
}
