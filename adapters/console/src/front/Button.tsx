import type { ReactNode } from "react";
import classes from "./Button.module.css";

type Kind = "filled" | "outline" | "quiet";

interface Props {
  kind?: Kind;
  children: ReactNode;
  /** Work is under way: the button keeps its place and its focus, and does nothing. */
  busy?: boolean;
  type?: "button" | "submit";
  form?: string;
  onClick?: () => void;
}

/** A generous button, 48 px high. */
export function Button({ kind = "filled", children, busy = false, type = "button", form, onClick }: Props) {
  return (
    <button
      className={`${classes.button} ${classes[kind]}`}
      type={type}
      form={form}
      aria-disabled={busy || undefined}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.();
      }}
    >
      {busy && <span className={classes.spinner} aria-hidden />}
      {children}
    </button>
  );
}

/** A link that looks like a button: it goes somewhere instead of doing something. */
export function ButtonLink({ kind = "filled", href, children, external, onClick }: {
  kind?: Kind;
  href: string;
  children: ReactNode;
  external?: boolean;
  onClick?: (event: React.MouseEvent) => void;
}) {
  return (
    <a
      className={`${classes.button} ${classes[kind]}`}
      href={href}
      onClick={onClick}
      {...(external === true ? { rel: "noopener noreferrer", target: "_blank" } : {})}
    >
      {children}
    </a>
  );
}
