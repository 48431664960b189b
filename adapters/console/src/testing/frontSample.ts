// A lead's own journey as the API would answer it, for tests alone.
import { create, fromJson } from "@bufbuild/protobuf";
import { timestampFromMs, ValueSchema } from "@bufbuild/protobuf/wkt";
import {
  ActivitySchema,
  ActivityState,
  GetActivityResponseSchema,
  GetHomeResponseSchema,
  type Activity,
} from "../gen/kohomai/front/v1/front_pb";

export const form: Activity = create(ActivitySchema, {
  runId: "1",
  journeyId: "9",
  name: "About your company",
  connector: "form",
  state: ActivityState.OPEN,
});
export const video: Activity = create(ActivitySchema, { ...form, runId: "2", name: "Meet the product", connector: "video" });
export const call: Activity = create(ActivitySchema, { ...form, runId: "3", name: "Kick-off call", connector: "calendly" });
export const check: Activity = create(ActivitySchema, {
  ...form,
  runId: "4",
  name: "Our check",
  connector: "approval",
  state: ActivityState.WAITING,
});

export function home(more: { nextRunId?: string | undefined; redirectUrl?: string } = {}) {
  return create(GetHomeResponseSchema, {
    person: { email: "ada@example.com", firstname: "Ada" },
    workspace: { name: "Acme demo", sandbox: true },
    journeys: [
      { id: "9", name: "B2B onboarding", completed: 1, total: 4, stage: "Kick-off", activities: [form, video, call, check] },
    ],
    nextRunId: "1",
    ...more,
  });
}

export function formActivity() {
  return create(GetActivityResponseSchema, {
    activity: form,
    screen: {
      text: "Two minutes, and we know how to help.",
      kind: {
        case: "form",
        value: {
          fields: [
            { key: "company.size", label: "Employees", type: "Number", required: true, help: "A rough number will do." },
            { key: "data.plan", label: "Plan", type: "Choice", required: true, options: ["free", "team", "enterprise"] },
            { key: "company.country", label: "Country", type: "Country", value: fromJson(ValueSchema, "FR") },
            { key: "data.budget", label: "Budget", type: "Amount" },
            { key: "data.news", label: "May we write to you?", type: "Boolean" },
          ],
        },
      },
    },
    drafts: [{ field: "company.size", value: fromJson(ValueSchema, 250) }],
  });
}

export function videoActivity() {
  return create(GetActivityResponseSchema, {
    activity: video,
    screen: { kind: { case: "video", value: { url: "/f/media/welcome.webm", share: 0.8, watched: 0.25, position: 2 } } },
  });
}

/** Free moments: the coming days at nine, ten and fourteen o'clock, universal time. */
export function slotsActivity(now: number) {
  const day = 86_400_000;
  const midnight = Math.floor(now / day) * day;
  return create(GetActivityResponseSchema, {
    activity: call,
    screen: {
      kind: {
        case: "slots",
        value: {
          timeZone: "America/New_York",
          host: "Grace Hopper",
          slots: [1, 2, 3, 4].flatMap((d) =>
            [9, 10, 14].map((hour) => {
              const start = midnight + d * day + hour * 3_600_000;
              return { start: timestampFromMs(start), end: timestampFromMs(start + 1_800_000) };
            }),
          ),
        },
      },
    },
  });
}
