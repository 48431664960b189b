import { Button, CopyButton } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "./CopyBlock.module.css";

/** Text to take away, such as a curl call, ready to be copied. */
export function CopyBlock({ label, text }: { label: string; text: string }) {
  return (
    <div className={classes.block}>
      <div className={classes.head}>
        <span className={classes.label}>{label}</span>
        <Copy text={text} />
      </div>
      {/* Reachable by keyboard, or a long line could not be scrolled. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre role="region" tabIndex={0} aria-label={label}>
        {text}
      </pre>
    </div>
  );
}

function Copy({ text }: { text: string }) {
  const { t } = useTranslation("common");
  return (
    <CopyButton value={text} timeout={2_000}>
      {({ copied, copy }) => (
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
          onClick={copy}
        >
          <span aria-live="polite">{copied ? t("action.copied") : t("action.copy")}</span>
        </Button>
      )}
    </CopyButton>
  );
}
