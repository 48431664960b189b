import { Button, MultiSelect, Select, TextInput } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@connectrpc/connect-query";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { FunnelService } from "../../gen/kohomai/v1/funnel_pb";
import { JourneyService } from "../../gen/kohomai/v1/journey_service_pb";
import { Moment } from "../../ui/Moment";
import { fullName } from "../../ui/format";
import { journeyStatuses, type JourneyWord } from "../../ui/status";
import type { JourneysSearch } from "../search";
import { JourneyChip, WaitingChip } from "../ui/Chips";
import filters from "../ui/Filters.module.css";
import { Page } from "../ui/Page";
import pageClasses from "../ui/Page.module.css";
import { Progress } from "../ui/Progress";
import { Bones, Empty, Failed } from "../ui/States";
import { More, Table } from "../ui/Table";
import table from "../ui/Table.module.css";
import { useSearchField } from "../ui/useSearchField";

const route = getRouteApi("/shell/journeys");

const words = Object.keys(journeyStatuses) as JourneyWord[];

/** Every journey, newest first; filters live in the address. */
export function JourneysPage() {
  const { t } = useTranslation(["office", "common"]);
  const filter = route.useSearch();
  const navigate = useNavigate({ from: "/journeys" });
  const apply = (change: Partial<JourneysSearch>) =>
    void navigate({
      search: (before) => {
        const next = { ...before, ...change };
        return {
          ...(next.q === undefined || next.q === "" ? {} : { q: next.q }),
          ...(next.status === undefined || next.status.length === 0 ? {} : { status: next.status }),
          ...(next.funnel === undefined ? {} : { funnel: next.funnel }),
        };
      },
      replace: true,
    });
  const [search, setSearch] = useSearchField(filter.q ?? "", (q) => apply({ q }));
  const funnels = useQuery(FunnelService.method.listFunnels, { pageSize: 200 }, { staleTime: 30_000 });
  const journeys = useInfiniteQuery(
    JourneyService.method.listJourneys,
    {
      pageSize: 50,
      pageToken: "",
      status: (filter.status ?? []).map((word) => journeyStatuses[word]),
      ...(filter.q === undefined ? {} : { search: filter.q }),
      ...(filter.funnel === undefined ? {} : { funnelId: filter.funnel }),
    },
    {
      pageParamKey: "pageToken",
      getNextPageParam: (last) => last.nextPageToken,
      placeholderData: keepPreviousData,
      refetchInterval: 10_000,
    },
  );
  const rows = journeys.data?.pages.flatMap((page) => page.journeys) ?? [];
  const filtered = Object.keys(filter).length > 0;
  return (
    <Page title={t("journeys.title")}>
      <div className={pageClasses.panel}>
        <div className={filters.filters} role="search">
          <TextInput
            className={filters.search}
            aria-label={t("journeys.search")}
            placeholder={t("journeys.search")}
            leftSection={<IconSearch size={16} aria-hidden />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <MultiSelect
            aria-label={t("journeys.status")}
            placeholder={(filter.status ?? []).length === 0 ? t("journeys.anyStatus") : ""}
            data={words.map((value) => ({ value, label: t(`common:journeyStatus.${value}`) }))}
            value={filter.status ?? []}
            onChange={(status) => apply({ status: words.filter((word) => status.includes(word)) })}
            clearable
            clearButtonProps={{ "aria-label": t("journeys.clear") }}
            className={filters.field}
          />
          <Select
            aria-label={t("journeys.funnel")}
            placeholder={t("journeys.anyFunnel")}
            data={(funnels.data?.funnels ?? []).map((funnel) => ({ value: funnel.id, label: funnel.name }))}
            value={filter.funnel ?? null}
            onChange={(funnel) => apply({ funnel: funnel ?? undefined })}
            clearable
            clearButtonProps={{ "aria-label": t("journeys.clear") }}
            searchable
            className={filters.field}
          />
        </div>
        {journeys.isPending ? (
          <Bones />
        ) : journeys.isError && rows.length === 0 ? (
          <Failed error={journeys.error} retry={() => void journeys.refetch()} />
        ) : rows.length === 0 ? (
          filtered ? (
            <Empty
              motif="magnifier"
              title={t("journeys.none")}
              detail={t("journeys.noneDetail")}
              action={
                <Button variant="default" onClick={() => void navigate({ search: {}, replace: true })}>
                  {t("journeys.clear")}
                </Button>
              }
            />
          ) : (
            <Empty
              motif="path"
              title={t("journeys.empty")}
              detail={t("journeys.emptyDetail")}
              action={
                <Button component={Link} to="/leads">
                  {t("leads.new")}
                </Button>
              }
            />
          )
        ) : (
          <>
            <Table
              label={t("journeys.title")}
              columns={[
                t("journeys.lead"),
                t("journeys.funnel"),
                t("journeys.status"),
                t("journeys.waiting"),
                t("journeys.progress"),
                t("journeys.started"),
              ]}
            >
              {rows.map((journey) => (
                <tr key={journey.id}>
                  <td>
                    <span className={table.person}>
                      <Link to="/journeys/$id" params={{ id: journey.id }} className={table.rowLink} data-row>
                        {journey.lead?.email}
                      </Link>
                      <span className={table.quiet}>{fullName(journey.lead)}</span>
                    </span>
                  </td>
                  <td className={table.nowrap}>{journey.funnel?.name}</td>
                  <td>
                    <JourneyChip status={journey.status} />
                  </td>
                  <td>
                    <WaitingChip waitingOn={journey.waitingOn} />
                  </td>
                  <td>
                    <Progress progress={journey.progress} />
                  </td>
                  <td className={`${table.quiet} ${table.nowrap}`}>
                    <Moment at={journey.createdDate} />
                  </td>
                </tr>
              ))}
            </Table>
            <More
              shown={rows.length}
              hasMore={journeys.hasNextPage}
              loading={journeys.isFetchingNextPage}
              load={() => void journeys.fetchNextPage()}
            />
          </>
        )}
      </div>
    </Page>
  );
}
