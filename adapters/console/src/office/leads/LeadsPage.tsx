import { Button, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { LeadService } from "../../gen/kohomai/v1/lead_pb";
import { Moment } from "../../ui/Moment";
import { fullName } from "../../ui/format";
import filters from "../ui/Filters.module.css";
import { Page } from "../ui/Page";
import pageClasses from "../ui/Page.module.css";
import { Bones, Empty, Failed } from "../ui/States";
import { More, Table } from "../ui/Table";
import table from "../ui/Table.module.css";
import { useSearchField } from "../ui/useSearchField";
import { NewLead } from "./NewLead";

const route = getRouteApi("/shell/leads");

/** Everybody who was registered, newest first. */
export function LeadsPage() {
  const { t } = useTranslation("office");
  const { q = "" } = route.useSearch();
  const navigate = useNavigate({ from: "/leads" });
  const [search, setSearch] = useSearchField(q, (text) =>
    void navigate({ search: text === "" ? {} : { q: text }, replace: true }),
  );
  const [creating, { open: create, close: stop }] = useDisclosure(false);
  const leads = useInfiniteQuery(
    LeadService.method.listLeads,
    { pageSize: 50, pageToken: "", ...(q === "" ? {} : { search: q }) },
    {
      pageParamKey: "pageToken",
      getNextPageParam: (last) => last.nextPageToken,
      placeholderData: keepPreviousData,
    },
  );
  const rows = leads.data?.pages.flatMap((page) => page.leads) ?? [];
  const newButton = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={create}>
      {t("leads.new")}
    </Button>
  );
  return (
    <Page title={t("leads.title")} actions={newButton}>
      <div className={pageClasses.panel}>
        <div className={filters.filters} role="search">
          <TextInput
            className={filters.search}
            aria-label={t("leads.search")}
            placeholder={t("leads.search")}
            leftSection={<IconSearch size={16} aria-hidden />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
        </div>
        {leads.isPending ? (
          <Bones />
        ) : leads.isError ? (
          <Failed error={leads.error} retry={() => void leads.refetch()} />
        ) : rows.length === 0 ? (
          q === "" ? (
            <Empty motif="people" title={t("leads.empty")} detail={t("leads.emptyDetail")} action={newButton} />
          ) : (
            <Empty
              motif="magnifier"
              title={t("leads.none", { search: q })}
              detail={t("leads.noneDetail")}
              action={
                <Button variant="default" onClick={() => void navigate({ search: {}, replace: true })}>
                  {t("leads.clear")}
                </Button>
              }
            />
          )
        ) : (
          <>
            <Table label={t("leads.title")} columns={[t("leads.email"), t("leads.name"), t("leads.registered")]}>
              {rows.map((lead) => (
                <tr key={lead.id}>
                  <td>
                    <Link to="/leads/$id" params={{ id: lead.id }} className={table.rowLink} data-row>
                      {lead.email}
                    </Link>
                  </td>
                  <td>{fullName(lead)}</td>
                  <td className={`${table.quiet} ${table.nowrap}`}>
                    <Moment at={lead.createdDate} />
                  </td>
                </tr>
              ))}
            </Table>
            <More
              shown={rows.length}
              hasMore={leads.hasNextPage}
              loading={leads.isFetchingNextPage}
              load={() => void leads.fetchNextPage()}
            />
          </>
        )}
      </div>
      <NewLead opened={creating} onClose={stop} />
    </Page>
  );
}
