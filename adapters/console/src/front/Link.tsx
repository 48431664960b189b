import type { ReactNode } from "react";
import { ButtonLink } from "./Button";
import { go } from "./address";

function plain(event: React.MouseEvent): boolean {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}

/** A link within the front-office. */
export function Link({ to, children, className }: { to: string; children: ReactNode; className?: string | undefined }) {
  return (
    <a
      className={className}
      href={to}
      onClick={(event) => {
        if (!plain(event)) return;
        event.preventDefault();
        go(to);
      }}
    >
      {children}
    </a>
  );
}

/** The same, as a button at the bottom edge. */
export function PlaceButton({ to, children, kind }: { to: string; children: ReactNode; kind?: "filled" | "outline" }) {
  return (
    <ButtonLink
      href={to}
      {...(kind ? { kind } : {})}
      onClick={(event) => {
        if (!plain(event)) return;
        event.preventDefault();
        go(to);
      }}
    >
      {children}
    </ButtonLink>
  );
}
