import { Button, Skeleton } from "@mantine/core";
import { useEffect, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { faultOf, isOffline } from "../../api/fault";
import { Drawing, type Motif } from "./Drawing";
import classes from "./States.module.css";

/** Nothing here yet: one sentence, one action, a small line drawing. */
export function Empty({ motif, title, detail, action }: { motif: Motif; title: string; detail: string; action?: ReactNode }) {
  return (
    <div className={classes.state}>
      <Drawing motif={motif} />
      <p className={classes.title}>{title}</p>
      <p className={classes.detail}>{detail}</p>
      {action}
    </div>
  );
}

/** Something could not be loaded; trying again is one press away. */
export function Failed({ error, retry }: { error: unknown; retry: () => void }) {
  const { t } = useTranslation("common");
  const fault = faultOf(error);
  return (
    <div className={classes.state} role="alert">
      <Drawing motif="cut" />
      <p className={classes.title}>{t("state.error")}</p>
      <p className={classes.detail}>
        {isOffline(error) ? t("state.offline") : fault.message || t("state.errorDetail")}
        {fault.requestId !== "" && (
          <>
            <br />
            {t("state.request", { id: fault.requestId })}
          </>
        )}
      </p>
      <Button variant="default" onClick={retry}>
        {t("action.retry")}
      </Button>
    </div>
  );
}

/** Rows that are coming. A quick answer shows nothing of them. */
export function Bones({ rows = 6, height = 44 }: { rows?: number; height?: number }) {
  const { t } = useTranslation("common");
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => setLate(true), 150);
    return () => window.clearTimeout(timer);
  }, []);
  return (
    <div role="status" aria-label={t("state.loading")}>
      {late &&
        Array.from({ length: rows }, (_, at) => (
          <div key={at} style={{ padding: "6px 16px" }}>
            <Skeleton height={height - 12} radius="sm" />
          </div>
        ))}
    </div>
  );
}

/** A quiet sentence within a panel. */
export function Quiet({ children }: { children: ReactNode }) {
  return <p className={classes.small}>{children}</p>;
}
