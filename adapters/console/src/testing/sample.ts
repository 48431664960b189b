// A workspace as the API would answer it, for tests alone: never imported by a page.
import { create } from "@bufbuild/protobuf";
import { timestampFromMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { MeSchema } from "../gen/kohomai/v1/account_pb";
import { Role, UserSchema } from "../gen/kohomai/v1/catalog_pb";
import { FunnelSchema, FunnelStatus, OriginKind } from "../gen/kohomai/v1/funnel_pb";
import {
  ActivityStatus,
  AssigneeKind,
  JourneyEventSchema,
  JourneySchema,
  JourneyStatus,
  StageStatus,
  Truth,
  WaitingOn,
} from "../gen/kohomai/v1/journey_pb";
import { LeadSchema } from "../gen/kohomai/v1/lead_pb";
import { LeadRefSchema } from "../gen/kohomai/v1/person_pb";
import { DataPointType, FactSchema } from "../gen/kohomai/v1/value_pb";

const minute = 60_000;

/** A moment so many minutes before the given present. */
export function ago(now: number, minutes: number): Timestamp {
  return timestampFromMs(now - minutes * minute);
}

const user = create(UserSchema, { id: "11", email: "grace@acme.example", firstname: "Grace", lastname: "Hopper", role: Role.ADMINISTRATOR });

export const me = create(MeSchema, {
  user,
  workspace: { id: "1", name: "Acme demo", sandbox: true },
});

export function leads(now: number) {
  return [
    create(LeadSchema, {
      id: "21",
      email: "purchasing@amazon.com",
      firstname: "Ada",
      lastname: "Lovelace",
      createdDate: ago(now, 4),
      facts: facts(now),
    }),
    create(LeadSchema, { id: "22", email: "someone@gmail.com", createdDate: ago(now, 200) }),
  ];
}

export function facts(now: number) {
  const observedAt = ago(now, 4);
  const point = (key: string, name: string, type: DataPointType) => ({ key, name, type });
  return [
    create(FactSchema, { dataPoint: point("lead.email", "E-mail", DataPointType.EMAIL), stringValue: "purchasing@amazon.com", source: "api", observedAt }),
    create(FactSchema, { dataPoint: point("email.role", "Role address", DataPointType.BOOLEAN), booleanValue: true, source: "email", confidence: 1, observedAt }),
    create(FactSchema, { dataPoint: point("company.name", "Company", DataPointType.TEXT), stringValue: "Amazon", source: "bundled", confidence: 0.9, observedAt }),
    create(FactSchema, { dataPoint: point("company.size", "Employees", DataPointType.NUMBER), numberValue: 1608000, source: "bundled", confidence: 0.8, observedAt }),
    create(FactSchema, { dataPoint: point("company.revenue", "Revenue", DataPointType.AMOUNT), amountValue: { amount: "513983000000", currency: "USD" }, source: "bundled", confidence: 0.8, observedAt, inferred: true }),
    create(FactSchema, { dataPoint: point("company.country", "Country", DataPointType.COUNTRY), stringValue: "US", source: "bundled", observedAt }),
    create(FactSchema, { dataPoint: point("company.website", "Web site", DataPointType.URL), stringValue: "https://amazon.com", source: "bundled", observedAt }),
    create(FactSchema, { dataPoint: point("company.industry", "Industry", DataPointType.TEXT) }),
    create(FactSchema, { dataPoint: point("data.plan", "Plan", DataPointType.CHOICE), stringValue: "enterprise", source: "form:about", observedAt }),
  ];
}

export function journey(now: number) {
  return create(JourneySchema, {
    id: "31",
    status: JourneyStatus.IN_PROGRESS,
    waitingOn: WaitingOn.TEAM,
    lead: { id: "21", email: "purchasing@amazon.com", firstname: "Ada", lastname: "Lovelace" },
    owner: { id: "11", firstname: "Grace", lastname: "Hopper" },
    funnel: { id: "41", name: "B2B onboarding", version: 2 },
    origin: { id: "51", name: "Demo", ref: "demo" },
    progress: { completed: 2, total: 4 },
    createdDate: ago(now, 4),
    changedDate: ago(now, 1),
    journeyData: facts(now),
    decisions: [
      {
        key: "fit",
        name: "Good fit?",
        visit: 1,
        branch: "Enterprise",
        decidedAt: ago(now, 3),
        explanation: [
          {
            branch: "Enterprise",
            condition: "company.size >= 200 && !email.freemail",
            result: Truth.TRUE,
            facts: [
              { key: "company.size", value: { kind: { case: "numberValue", value: 1608000 } }, source: "bundled" },
              { key: "email.freemail", value: { kind: { case: "boolValue", value: false } }, source: "email" },
            ],
          },
        ],
      },
    ],
    stages: [
      {
        key: "kickoff",
        name: "Kick-off",
        visit: 1,
        status: StageStatus.IN_PROGRESS,
        startedAt: ago(now, 3),
        activities: [
          {
            id: "61",
            key: "call",
            name: "Kick-off call",
            connector: "calendly",
            assignee: { kind: AssigneeKind.LEAD },
            status: ActivityStatus.COMPLETED,
            startedAt: ago(now, 3),
            completedAt: ago(now, 2),
            attempts: 1,
            secondsOpen: 62,
          },
          {
            id: "62",
            key: "check",
            name: "Credit check",
            connector: "approval",
            assignee: { kind: AssigneeKind.POLICY, policy: "account-managers", user: { id: "11", firstname: "Grace", lastname: "Hopper" } },
            status: ActivityStatus.IN_PROGRESS,
            waitingOn: WaitingOn.TEAM,
            reason: "An account manager approves",
            startedAt: ago(now, 3),
            dueAt: ago(now, 1),
            attempts: 0,
            secondsOpen: 180,
          },
          {
            id: "63",
            key: "sign",
            name: "Sign the agreement",
            connector: "form",
            assignee: { kind: AssigneeKind.STAKEHOLDER, role: "signatory" },
            status: ActivityStatus.BLOCKED,
            waitingOn: WaitingOn.TEAM,
            reason: "NoParticipant",
            startedAt: ago(now, 3),
            attempts: 1,
            secondsOpen: 180,
          },
          {
            id: "64",
            key: "mail",
            name: "Welcome mail",
            connector: "email",
            assignee: { kind: AssigneeKind.AUTOMATIC },
            status: ActivityStatus.FAILED,
            reason: "The mail server refused",
            startedAt: ago(now, 3),
            attempts: 3,
            secondsOpen: 10,
          },
        ],
      },
    ],
  });
}

export function journeys(now: number) {
  const first = journey(now);
  return [
    first,
    create(JourneySchema, {
      ...first,
      id: "32",
      status: JourneyStatus.BLOCKED,
      blockedReason: "Activity “Credit check” failed",
      lead: create(LeadRefSchema, { id: "22", email: "someone@gmail.com" }),
    }),
    create(JourneySchema, { ...first, id: "33", status: JourneyStatus.CONVERTED, waitingOn: WaitingOn.UNSPECIFIED, convertedAt: ago(now, 1) }),
    create(JourneySchema, { ...first, id: "34", status: JourneyStatus.NOT_QUALIFIED, waitingOn: WaitingOn.UNSPECIFIED }),
  ];
}

export function events(now: number) {
  return [
    create(JourneyEventSchema, { id: "73", sequence: "3", type: "activity.completed", timestamp: ago(now, 2), actor: "Ada Lovelace", activity: "call" }),
    create(JourneyEventSchema, { id: "72", sequence: "2", type: "journey.decided", timestamp: ago(now, 3), data: { Name: "Good fit?", Branch: "Enterprise" } }),
    create(JourneyEventSchema, { id: "71", sequence: "1", type: "journey.started", timestamp: ago(now, 4) }),
  ];
}

export function funnels(now: number) {
  return [
    create(FunnelSchema, {
      id: "41",
      name: "B2B onboarding",
      status: FunnelStatus.PUBLISHED,
      version: 2,
      changed: true,
      origins: [{ id: "51", name: "Demo", ref: "demo", kind: OriginKind.API }],
      changedDate: ago(now, 60),
    }),
    create(FunnelSchema, { id: "42", name: "Trials", status: FunnelStatus.DRAFT, changed: true, changedDate: ago(now, 90) }),
  ];
}

export const users = [user, create(UserSchema, { id: "12", email: "alan@acme.example", role: Role.MANAGER })];
