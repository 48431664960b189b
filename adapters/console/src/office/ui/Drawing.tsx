const paths = {
  people: "M22 58c0-11 8-18 18-18s18 7 18 18M40 34a10 10 0 1 0 0-20 10 10 0 0 0 0 20M62 40c9 0 14 6 14 14M64 34a8 8 0 1 0-4-15",
  path: "M12 58h18c10 0 10-18 20-18h6c10 0 10-18 20-18h8M12 58a4 4 0 1 0 0-.1M50 40a4 4 0 1 0 6 0M84 22a4 4 0 1 0 0-.1",
  funnel: "M16 14h64L56 40v16l-16 8V40zM28 24h40",
  magnifier: "M42 50a20 20 0 1 0 0-40 20 20 0 0 0 0 40M57 45l20 19M34 30h16",
  cut: "M8 40h22c8 0 8-10 16-10M88 32H66c-8 0-8 10-16 10M40 54l-4 8M50 56v8M46 18l2-8M58 20l5-7",
  envelope: "M14 14h68v46H14zM16 18l32 24 32-24M18 58l20-20M78 58L58 38",
  done: "M14 62h68M24 62V14M24 16c14-8 22 8 40 0v24c-18 8-26-8-40 0M36 28l6 6 12-12",
} as const;

export type Motif = keyof typeof paths;

/** A small line drawing for empty places; it carries no meaning of its own. */
export function Drawing({ motif }: { motif: Motif }) {
  return (
    <svg
      width="96"
      height="72"
      viewBox="0 0 96 72"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden
    >
      <path d={paths[motif]} />
    </svg>
  );
}
