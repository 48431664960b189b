import { useQuery } from "@connectrpc/connect-query";
import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from "@mantine/spotlight";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { FunnelService } from "../../gen/kohomai/v1/funnel_pb";
import { JourneyService } from "../../gen/kohomai/v1/journey_service_pb";
import { LeadService } from "../../gen/kohomai/v1/lead_pb";
import { fullName } from "../../ui/format";
import { journeyLook } from "../../ui/status";
import { readsMail, useMe } from "../session";
import { paletteStore } from "./palette";

const shown = 6;

/** Ctrl+K: leads and journeys by e-mail or name, funnels by name, and the places. */
export function Palette() {
  const { t } = useTranslation(["office", "common"]);
  const navigate = useNavigate();
  const me = useMe();
  const [query, setQuery] = useState("");
  const [search] = useDebouncedValue(query.trim(), 150);
  const asking = { enabled: search.length > 1, placeholderData: keepPreviousData };
  const leads = useQuery(LeadService.method.listLeads, { search, pageSize: shown }, asking);
  const journeys = useQuery(JourneyService.method.listJourneys, { search, pageSize: shown }, asking);
  const funnels = useQuery(FunnelService.method.listFunnels, { pageSize: 200 }, { enabled: search.length > 0, staleTime: 30_000 });

  const matches = (label: string) => label.toLowerCase().includes(query.trim().toLowerCase());
  const places: SpotlightActionData[] = (
    [
      ["/", "home"],
      ["/leads", "leads"],
      ["/journeys", "journeys"],
      ["/funnels", "funnels"],
      ...(readsMail(me) ? ([["/mail", "mail"]] as const) : []),
      ["/settings/users", "users"],
      ["/settings/api", "api"],
    ] as const
  )
    .map(([to, word]) => ({ id: to, label: t(`nav.${word}`), onClick: () => void navigate({ to }) }))
    .filter((place) => matches(place.label));
  const groups: SpotlightActionGroupData[] = [
    {
      group: t("palette.leads"),
      actions:
        search.length > 1
          ? (leads.data?.leads ?? []).map((lead) => ({
              id: `lead-${lead.id}`,
              label: lead.email,
              description: fullName(lead),
              onClick: () => void navigate({ to: "/leads/$id", params: { id: lead.id } }),
            }))
          : [],
    },
    {
      group: t("palette.journeys"),
      actions:
        search.length > 1
          ? (journeys.data?.journeys ?? []).map((journey) => ({
              id: `journey-${journey.id}`,
              label: journey.lead?.email ?? "",
              description: `${journey.funnel?.name ?? ""} · ${t(`common:journeyStatus.${journeyLook(journey.status).word}`)}`,
              onClick: () => void navigate({ to: "/journeys/$id", params: { id: journey.id } }),
            }))
          : [],
    },
    {
      group: t("palette.funnels"),
      actions: (funnels.data?.funnels ?? [])
        .filter((funnel) => query.trim() !== "" && matches(funnel.name))
        .slice(0, shown)
        .map((funnel) => ({
          id: `funnel-${funnel.id}`,
          label: funnel.name,
          onClick: () => void navigate({ to: "/funnels/edit/$id", params: { id: funnel.id } }),
        })),
    },
    { group: t("palette.places"), actions: places },
  ];

  return (
    <Spotlight
      store={paletteStore}
      shortcut={["mod + K"]}
      query={query}
      onQueryChange={setQuery}
      // The server and the line above have filtered already.
      filter={(_, actions) => actions}
      actions={groups.filter((group) => group.actions.length > 0)}
      nothingFound={t("palette.nothing")}
      scrollable
      maxHeight={420}
      searchProps={{
        leftSection: <IconSearch size={18} aria-hidden />,
        placeholder: t("palette.placeholder"),
        "aria-label": t("palette.label"),
      }}
    />
  );
}
