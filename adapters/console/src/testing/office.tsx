import { Code, ConnectError, createRouterTransport, type ServiceImpl, type Transport } from "@connectrpc/connect";
import { createMemoryHistory } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import { AccountService } from "../gen/kohomai/v1/account_pb";
import { UserService } from "../gen/kohomai/v1/catalog_pb";
import { FunnelService } from "../gen/kohomai/v1/funnel_pb";
import { JourneyService } from "../gen/kohomai/v1/journey_service_pb";
import { LeadService } from "../gen/kohomai/v1/lead_pb";
import { SessionService } from "../gen/kohomai/v1/session_pb";
import { createQueryClient } from "../api/query";
import { leaveWhenSignedOut } from "../office/leave";
import { Office } from "../office/Office";
import { createOfficeRouter } from "../office/router";
import * as sample from "./sample";

type Some<S> = Partial<S>;

export interface Answers {
  account?: Some<ServiceImpl<typeof AccountService>>;
  funnel?: Some<ServiceImpl<typeof FunnelService>>;
  journey?: Some<ServiceImpl<typeof JourneyService>>;
  lead?: Some<ServiceImpl<typeof LeadService>>;
  session?: Some<ServiceImpl<typeof SessionService>>;
}

/** The API answered from the sample workspace, except for what a test answers itself. */
export function officeTransport(answers: Answers = {}): Transport {
  const now = Date.now();
  return createRouterTransport((router) => {
    router.service(AccountService, { getMe: () => ({ me: sample.me }), ...answers.account });
    router.service(UserService, { listUsers: () => ({ users: sample.users }) });
    router.service(FunnelService, {
      listFunnels: () => ({ funnels: sample.funnels(now) }),
      getFunnel: ({ id }) => ({ funnel: sample.funnels(now).find((funnel) => funnel.id === id) }),
      ...answers.funnel,
    });
    router.service(LeadService, {
      listLeads: ({ search }) => ({ leads: sample.leads(now).filter((lead) => lead.email.includes(search ?? "")) }),
      getLead: ({ id }) => ({ lead: sample.leads(now).find((lead) => lead.id === id) }),
      ...answers.lead,
    });
    router.service(JourneyService, {
      listJourneys: ({ status }) => ({
        journeys: sample.journeys(now).filter((journey) => status.length === 0 || status.includes(journey.status)),
      }),
      getJourney: ({ id }) => {
        const journey = sample.journeys(now).find((one) => one.id === id);
        if (journey === undefined) throw new ConnectError("no such journey", Code.NotFound);
        return { journey };
      },
      listJourneyEvents: () => ({ events: sample.events(now) }),
      listActivities: () => ({
        activities: sample.journey(now).stages.flatMap((stage) =>
          stage.activities.slice(1, 2).map((activity) => ({ activity, journey: { id: "31", lead: sample.journey(now).lead } })),
        ),
      }),
      ...answers.journey,
    });
    router.service(SessionService, { ...answers.session });
  });
}

/** Shows the console at an address below /p, with everything around it. */
export function renderOffice(address: string, answers: Answers = {}) {
  const transport = officeTransport(answers);
  const queries = createQueryClient();
  const history = createMemoryHistory({ initialEntries: [`/p${address}`] });
  const router = createOfficeRouter({ queries, transport }, history);
  leaveWhenSignedOut(queries, router);
  return { router, ...render(<Office transport={transport} queries={queries} router={router} />) };
}
