import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ReactNode } from "react";
import classes from "./Table.module.css";

/** A table of rows, each 44 px high; it scrolls within itself on narrow screens. */
export function Table({ label, columns, children }: { label: string; columns: readonly string[]; children: ReactNode }) {
  return (
    // Reachable by keyboard, or its hidden columns could not be scrolled to.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={classes.scroll} role="region" aria-label={label} tabIndex={0}>
      <table className={classes.table}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** How many rows stand, and the way to more. */
export function More({ shown, hasMore, loading, load }: { shown: number; hasMore: boolean; loading: boolean; load: () => void }) {
  const { t } = useTranslation("office");
  return (
    <div className={classes.below}>
      <span role="status">{t("list.total", { count: shown })}</span>
      {hasMore && (
        <Button variant="default" size="xs" loading={loading} onClick={load}>
          {t("list.more")}
        </Button>
      )}
    </div>
  );
}
