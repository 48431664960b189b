import { useQuery } from "@connectrpc/connect-query";
import { IconArchive, IconPencil, IconRosetteDiscountCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { FunnelService, FunnelStatus } from "../../gen/kohomai/v1/funnel_pb";
import { Moment } from "../../ui/Moment";
import { StatusChip } from "../../ui/StatusChip";
import { CopyBlock } from "../ui/CopyBlock";
import { Page } from "../ui/Page";
import pageClasses from "../ui/Page.module.css";
import { Bones, Empty, Failed } from "../ui/States";
import { Table } from "../ui/Table";
import table from "../ui/Table.module.css";

export function FunnelChip({ status }: { status: FunnelStatus }) {
  const { t } = useTranslation("office");
  switch (status) {
    case FunnelStatus.PUBLISHED:
      return <StatusChip tone="done" icon={IconRosetteDiscountCheck} word={t("funnels.state.Published")} />;
    case FunnelStatus.ARCHIVED:
      return <StatusChip tone="neutral" icon={IconArchive} word={t("funnels.state.Archived")} />;
    case FunnelStatus.DRAFT:
    case FunnelStatus.UNSPECIFIED:
      return <StatusChip tone="neutral" icon={IconPencil} word={t("funnels.state.Draft")} />;
  }
}

/** Every funnel with its state and the ways into it. */
export function FunnelsPage() {
  const { t } = useTranslation("office");
  const funnels = useQuery(FunnelService.method.listFunnels, { pageSize: 200 });
  return (
    <Page title={t("funnels.title")}>
      <div className={pageClasses.panel}>
        {funnels.isPending ? (
          <Bones />
        ) : funnels.isError ? (
          <Failed error={funnels.error} retry={() => void funnels.refetch()} />
        ) : funnels.data.funnels.length === 0 ? (
          <Empty
            motif="funnel"
            title={t("funnels.empty")}
            detail={t("funnels.emptyDetail")}
            action={<CopyBlock label="kohomai funnel push" text="kohomai funnel push funnel.yaml" />}
          />
        ) : (
          <Table
            label={t("funnels.title")}
            columns={[t("funnels.name"), t("funnels.status"), t("funnels.version"), t("funnels.origins"), t("funnels.updated")]}
          >
            {funnels.data.funnels.map((funnel) => (
              <tr key={funnel.id}>
                <td>
                  <Link to="/funnels/edit/$id" params={{ id: funnel.id }} className={table.rowLink} data-row>
                    {funnel.name}
                  </Link>
                  {funnel.changed && funnel.version !== undefined && (
                    <div className={table.quiet}>{t("funnels.changed")}</div>
                  )}
                </td>
                <td>
                  <FunnelChip status={funnel.status} />
                </td>
                <td>{funnel.version ?? <span className={table.quiet}>{t("funnels.none")}</span>}</td>
                <td>{funnel.origins.map((origin) => origin.ref).join(", ")}</td>
                <td className={`${table.quiet} ${table.nowrap}`}>
                  <Moment at={funnel.changedDate} />
                </td>
              </tr>
            ))}
          </Table>
        )}
      </div>
    </Page>
  );
}
