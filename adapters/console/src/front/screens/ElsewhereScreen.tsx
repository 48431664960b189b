import { useTranslation } from "react-i18next";
import { BottomAction } from "../BottomAction";
import { ButtonLink } from "../Button";
import { Notice } from "../Notice";
import { leaveTarget } from "../redirect";

/** A step done at a provider's own page: a link out, never a frame of a page we do not know. */
export function ElsewhereScreen({ url, label, newTab }: { url: string; label: string | undefined; newTab: boolean }) {
  const { t } = useTranslation("front");
  const target = leaveTarget(url);
  if (target === undefined) return <Notice tone="failed">{t("unsupported")}</Notice>;
  const words = newTab ? t("embed.open", { host: target.host }) : t("redirect.go", { host: target.host });
  return (
    <>
      <p>{t("redirect.note", { host: target.host })}</p>
      <BottomAction>
        <ButtonLink href={target.href} external={newTab}>
          {label ?? words}
        </ButtonLink>
      </BottomAction>
    </>
  );
}
