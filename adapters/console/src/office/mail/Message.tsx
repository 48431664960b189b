import { useQuery } from "@connectrpc/connect-query";
import { IconChevronLeft } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { MailService } from "../../gen/kohomai/v1/mail_pb";
import { Moment } from "../../ui/Moment";
import { Bones, Failed } from "../ui/States";
import { piecesOf } from "./links";
import classes from "./MailPage.module.css";

/** One caught message, its links ready to be followed as its reader would. */
export function Message({ id }: { id: string }) {
  const { t } = useTranslation("office");
  const found = useQuery(MailService.method.getMail, { id });
  const mail = found.data?.mail;
  return (
    <article className={classes.message} aria-label={mail?.subject}>
      <Link to="/mail" search={(before) => (before.to === undefined ? {} : { to: before.to })} className={classes.back}>
        <IconChevronLeft size={16} aria-hidden />
        {t("mail.back")}
      </Link>
      {found.isPending ? (
        <Bones rows={4} height={32} />
      ) : mail === undefined ? (
        <Failed error={found.error} retry={() => void found.refetch()} />
      ) : (
        <>
          <h2 className={classes.title}>{mail.subject}</h2>
          <p className={classes.quiet}>
            {t("mail.to", { to: mail.recipient })} · <Moment at={mail.caughtAt} />
          </p>
          <p className={classes.text}>
            {piecesOf(mail.text ?? "").map((piece, at) => (
              <Fragment key={at}>
                {piece.link ? (
                  <a href={piece.text} target="_blank" rel="noopener noreferrer">
                    {piece.text}
                  </a>
                ) : (
                  piece.text
                )}
              </Fragment>
            ))}
          </p>
        </>
      )}
    </article>
  );
}
