import classes from "./Bar.module.css";

/** How far something is, from 0 to 1, with a mark where it is enough. */
export function Bar({ label, value, mark }: { label: string; value: number; mark?: number }) {
  const percent = Math.round(Math.min(1, Math.max(0, value)) * 100);
  return (
    <div className={classes.bar} role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent}>
      <div className={classes.fill} style={{ width: `${percent}%` }} />
      {mark !== undefined && mark < 1 && <div className={classes.mark} style={{ insetInlineStart: `${mark * 100}%` }} aria-hidden />}
    </div>
  );
}
