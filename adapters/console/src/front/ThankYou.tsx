import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { BottomAction } from "./BottomAction";
import { Button, ButtonLink } from "./Button";
import { Centered, DoneDrawing } from "./PageStates";

// Long enough to read the notice; it can be stopped (WCAG 2.2.1).
const secondsToLeave = 10;

/** All is done here: thanks, and the way back to where the person came from. */
export function ThankYou({ target, ended, leave, seconds = secondsToLeave }: {
  target: URL | undefined;
  ended: boolean;
  leave: (to: URL) => void;
  /** How long the notice stands before leaving. */
  seconds?: number;
}) {
  const { t } = useTranslation("front");
  const [left, setLeft] = useState(seconds);
  const [staying, setStaying] = useState(false);
  const counting = target !== undefined && !staying;
  useEffect(() => {
    if (!counting) return undefined;
    const timer = window.setInterval(() => setLeft((n) => Math.max(0, n - 1)), 1_000);
    return () => window.clearInterval(timer);
  }, [counting]);
  useEffect(() => {
    if (counting && left === 0) leave(target);
  }, [counting, left, leave, target]);
  return (
    <>
      <Centered drawing={<DoneDrawing />} title={ended || target !== undefined ? t("thanks") : t("nothing")}>
        <p>{ended || target !== undefined ? t("thanksDetail") : t("nothingDetail")}</p>
        {target !== undefined && (
          <p role="status">
            {counting ? t("leavingIn", { count: left, host: target.host }) : t("leaving", { host: target.host })}
          </p>
        )}
      </Centered>
      {target !== undefined && (
        <BottomAction>
          {counting && (
            <Button kind="outline" onClick={() => setStaying(true)}>
              {t("stay")}
            </Button>
          )}
          <ButtonLink href={target.href}>{t("leave", { host: target.host })}</ButtonLink>
        </BottomAction>
      )}
    </>
  );
}
