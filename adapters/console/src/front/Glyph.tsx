// The few icons of the front-office, by name, so that the bundler keeps no more.
import { IconCircleCheck, IconCircleDashed, IconCircleMinus, IconCircleOff, IconHourglass } from "@tabler/icons-react";

const glyphs = {
  done: IconCircleCheck,
  closed: IconCircleMinus,
  open: IconCircleDashed,
  waiting: IconHourglass,
  skipped: IconCircleOff,
};

export function Glyph({ kind, className }: { kind: keyof typeof glyphs; className?: string | undefined }) {
  const Shape = glyphs[kind];
  return <Shape size={22} stroke={2} aria-hidden className={className} />;
}
