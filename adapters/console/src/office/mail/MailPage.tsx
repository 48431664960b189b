import { Button, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { MailService, type Mail } from "../../gen/kohomai/v1/mail_pb";
import { Moment } from "../../ui/Moment";
import { readsMail, useMe } from "../session";
import filters from "../ui/Filters.module.css";
import { Page } from "../ui/Page";
import pageClasses from "../ui/Page.module.css";
import { Bones, Empty, Failed } from "../ui/States";
import { More } from "../ui/Table";
import { useSearchField } from "../ui/useSearchField";
import classes from "./MailPage.module.css";
import { Message } from "./Message";

const route = getRouteApi("/shell/mail");

/** What a sandbox caught instead of sending it: the messages, and the one that is read beside them. */
export function MailPage() {
  const { t } = useTranslation("office");
  const me = useMe();
  if (me !== undefined && !readsMail(me)) {
    return (
      <Page title={t("mail.title")}>
        <div className={pageClasses.panel}>
          <Empty motif="envelope" title={t("mail.live")} detail={t("mail.liveDetail")} />
        </div>
      </Page>
    );
  }
  return <Caught />;
}

function Caught() {
  const { t } = useTranslation("office");
  const { to, mail } = route.useSearch();
  const navigate = useNavigate({ from: "/mail" });
  const [search, setSearch] = useSearchField(to ?? "", (text) =>
    void navigate({ search: text === "" ? {} : { to: text }, replace: true }),
  );
  const mails = useInfiniteQuery(
    MailService.method.listMails,
    { pageSize: 50, pageToken: "", ...(to === undefined ? {} : { recipient: to }) },
    {
      pageParamKey: "pageToken",
      getNextPageParam: (last) => last.nextPageToken,
      placeholderData: keepPreviousData,
      refetchInterval: 5_000,
    },
  );
  const rows = mails.data?.pages.flatMap((page) => page.mails) ?? [];
  return (
    <Page title={t("mail.title")} under={t("mail.detail")}>
      <div className={`${pageClasses.panel} ${classes.panes}`} data-reading={mail !== undefined}>
        <div className={classes.list}>
          <div className={filters.filters} role="search">
            <TextInput
              className={filters.search}
              aria-label={t("mail.search")}
              placeholder={t("mail.search")}
              leftSection={<IconSearch size={16} aria-hidden />}
              value={search}
              onChange={(event) => setSearch(event.currentTarget.value)}
            />
          </div>
          {mails.isPending ? (
            <Bones />
          ) : mails.isError && rows.length === 0 ? (
            <Failed error={mails.error} retry={() => void mails.refetch()} />
          ) : rows.length === 0 ? (
            to === undefined ? (
              <Empty motif="envelope" title={t("mail.empty")} detail={t("mail.emptyDetail")} />
            ) : (
              <Empty
                motif="magnifier"
                title={t("mail.none", { to })}
                detail={t("mail.noneDetail")}
                action={
                  <Button variant="default" onClick={() => void navigate({ search: {}, replace: true })}>
                    {t("mail.clear")}
                  </Button>
                }
              />
            )
          ) : (
            <>
              <ul className={classes.rows} aria-label={t("mail.list")}>
                {rows.map((one) => (
                  <li key={one.id}>
                    <Row mail={one} current={one.id === mail} />
                  </li>
                ))}
              </ul>
              <More
                shown={rows.length}
                hasMore={mails.hasNextPage}
                loading={mails.isFetchingNextPage}
                load={() => void mails.fetchNextPage()}
              />
            </>
          )}
        </div>
        <div className={classes.reading}>
          {mail === undefined ? <p className={classes.choose}>{t("mail.choose")}</p> : <Message id={mail} />}
        </div>
      </div>
    </Page>
  );
}

function Row({ mail, current }: { mail: Mail; current: boolean }) {
  return (
    <Link
      to="/mail"
      search={(before) => ({ ...before, mail: mail.id })}
      className={classes.row}
      aria-current={current ? "true" : undefined}
    >
      <span className={classes.subject}>{mail.subject}</span>
      <Moment at={mail.caughtAt} className={classes.quiet} />
      <span className={classes.recipient}>{mail.recipient}</span>
    </Link>
  );
}
