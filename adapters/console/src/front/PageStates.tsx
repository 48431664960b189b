import { useEffect, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { faultOf, isOffline, isSignedOut } from "../api/fault";
import { BottomAction } from "./BottomAction";
import { Button } from "./Button";
import classes from "./PageStates.module.css";

/** The shape of what is coming. A quick answer shows nothing of it. */
export function Waiting() {
  const { t } = useTranslation("common");
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => setLate(true), 150);
    return () => window.clearTimeout(timer);
  }, []);
  return (
    <div role="status" aria-label={t("state.loading")}>
      {late &&
        [32, 120, 72, 72].map((height, at) => <div key={at} className={classes.bone} style={{ height }} aria-hidden />)}
    </div>
  );
}

/** One thing said in the middle of the page, with its line drawing. */
export function Centered({ drawing, title, children }: { drawing: ReactNode; title: string; children?: ReactNode }) {
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <div className={classes.center}>
      {drawing}
      <h1>{title}</h1>
      {children}
    </div>
  );
}

/** What could not be loaded, and a way to try again; a way in for who is not signed in. */
export function LoadFailed({ error, retry }: { error: unknown; retry: () => void }) {
  const { t } = useTranslation(["front", "common"]);
  if (isSignedOut(error)) {
    return (
      <Centered drawing={<EnvelopeDrawing />} title={t("needLink")}>
        <p>{t("needLinkDetail")}</p>
      </Centered>
    );
  }
  const fault = faultOf(error);
  const detail = isOffline(error) ? t("common:state.offline") : fault.message || t("common:state.errorDetail");
  return (
    <>
      <Centered drawing={<CutDrawing />} title={t("common:state.error")}>
        <p role="alert">{detail}</p>
        {fault.requestId !== "" && <p>{t("common:state.request", { id: fault.requestId })}</p>}
      </Centered>
      <BottomAction>
        <Button onClick={retry}>{t("common:action.retry")}</Button>
      </BottomAction>
    </>
  );
}

const line = { fill: "none", stroke: "currentColor", strokeWidth: 2, strokeLinecap: "round", strokeLinejoin: "round" } as const;

export function EnvelopeDrawing() {
  return (
    <svg width="96" height="72" viewBox="0 0 96 72" aria-hidden {...line} color="var(--k-accent)">
      <rect x="10" y="12" width="76" height="50" rx="6" />
      <path d="M12 16l36 28 36-28M30 60l12-14M66 60L54 46" />
    </svg>
  );
}

export function CutDrawing() {
  return (
    <svg width="96" height="72" viewBox="0 0 96 72" aria-hidden {...line} color="var(--k-quiet)">
      <path d="M8 40h22c8 0 8-10 16-10M88 32H66c-8 0-8 10-16 10" />
      <path d="M40 54l-4 8M50 56v8M46 18l2-8M58 20l5-7" />
    </svg>
  );
}

export function DoneDrawing() {
  return (
    <svg width="96" height="72" viewBox="0 0 96 72" aria-hidden {...line} color="var(--k-done)">
      <path d="M14 62h68M24 62V14M24 16c14-8 22 8 40 0v24c-18 8-26-8-40 0" />
      <path d="M36 28l6 6 12-12" />
    </svg>
  );
}

export function BenchDrawing() {
  return (
    <svg width="96" height="72" viewBox="0 0 96 72" aria-hidden {...line} color="var(--k-accent)">
      <path d="M18 44h60M22 34h52M26 44v16M70 44v16M28 34V24M68 34V24" />
      <circle cx="76" cy="14" r="7" />
    </svg>
  );
}
