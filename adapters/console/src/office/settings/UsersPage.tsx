import { Select } from "@mantine/core";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Role, UserService } from "../../gen/kohomai/v1/catalog_pb";
import { Moment } from "../../ui/Moment";
import { fullName } from "../../ui/format";
import filters from "../ui/Filters.module.css";
import { Page } from "../ui/Page";
import pageClasses from "../ui/Page.module.css";
import { Bones, Empty, Failed } from "../ui/States";
import { More, Table } from "../ui/Table";
import table from "../ui/Table.module.css";

const roles = {
  Administrator: Role.ADMINISTRATOR,
  Manager: Role.MANAGER,
  Lead: Role.LEAD,
  Stakeholder: Role.STAKEHOLDER,
} as const;
type RoleWord = keyof typeof roles;
const roleWords = Object.keys(roles) as RoleWord[];

function wordOf(role: Role): RoleWord | undefined {
  return roleWords.find((word) => roles[word] === role);
}

/** Everybody the workspace knows, of all roles. */
export function UsersPage() {
  const { t } = useTranslation("office");
  const [role, setRole] = useState<RoleWord | null>(null);
  const users = useInfiniteQuery(
    UserService.method.listUsers,
    { pageSize: 50, pageToken: "", role: role === null ? undefined : roles[role] },
    { pageParamKey: "pageToken", getNextPageParam: (last) => last.nextPageToken },
  );
  const rows = users.data?.pages.flatMap((page) => page.users) ?? [];
  return (
    <Page title={t("users.title")} under={t("users.detail")}>
      <div className={pageClasses.panel}>
        <div className={filters.filters}>
          <Select
            aria-label={t("users.role")}
            placeholder={t("users.anyRole")}
            data={roleWords.map((value) => ({ value, label: t(`users.roles.${value}`) }))}
            value={role}
            onChange={(value) => setRole(roleWords.find((word) => word === value) ?? null)}
            clearable
            clearButtonProps={{ "aria-label": t("users.anyRole") }}
            className={filters.field}
          />
        </div>
        {users.isPending ? (
          <Bones />
        ) : users.isError ? (
          <Failed error={users.error} retry={() => void users.refetch()} />
        ) : rows.length === 0 ? (
          <Empty motif="people" title={t("users.empty")} detail={t("users.emptyDetail")} />
        ) : (
          <>
            <Table label={t("users.title")} columns={[t("users.email"), t("users.name"), t("users.role"), t("users.since")]}>
              {rows.map((user) => {
                const word = wordOf(user.role);
                return (
                  <tr key={user.id}>
                    <td>{user.email}</td>
                    <td>{fullName(user)}</td>
                    <td>{word === undefined ? "" : t(`users.roles.${word}`)}</td>
                    <td className={`${table.quiet} ${table.nowrap}`}>
                      <Moment at={user.createdDate} />
                    </td>
                  </tr>
                );
              })}
            </Table>
            <More
              shown={rows.length}
              hasMore={users.hasNextPage}
              loading={users.isFetchingNextPage}
              load={() => void users.fetchNextPage()}
            />
          </>
        )}
      </div>
    </Page>
  );
}
