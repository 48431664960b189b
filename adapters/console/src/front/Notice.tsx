import type { ReactNode, Ref } from "react";
import classes from "./Notice.module.css";

/** A message within the page. Failures interrupt a screen reader, the others wait their turn. */
export function Notice({ tone, title, children, ref }: {
  tone: "failed" | "done" | "quiet";
  title?: string;
  children?: ReactNode;
  ref?: Ref<HTMLDivElement>;
}) {
  return (
    <div ref={ref} tabIndex={-1} role={tone === "failed" ? "alert" : "status"} className={`${classes.notice} ${classes[tone]}`}>
      {title !== undefined && <p className={classes.title}>{title}</p>}
      {children}
    </div>
  );
}
