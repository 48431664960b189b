import type { ReactNode } from "react";
import classes from "./BottomAction.module.css";

/** The one action of a screen, always at the bottom edge under the thumb. */
export function BottomAction({ children }: { children: ReactNode }) {
  return (
    <>
      <div className={classes.spacer} aria-hidden />
      <div className={classes.bar}>
        <div className={classes.inner}>{children}</div>
      </div>
    </>
  );
}
