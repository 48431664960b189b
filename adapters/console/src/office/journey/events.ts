import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { Journey } from "../../gen/kohomai/v1/journey_pb";
import { fullName } from "../../ui/format";

// What of an event's data is worth a word in the timeline, most telling first.
const telling = ["Name", "Branch", "Reason", "Result", "Status"] as const;

/** One short text about what an event says; undefined when it says nothing of use. */
export function eventDetail(data: JsonObject | undefined): string | undefined {
  if (data === undefined) return undefined;
  const words = telling
    .map((key) => wordOf(data[key]))
    .filter((word) => word !== undefined)
    .slice(0, 2);
  return words.length === 0 ? undefined : words.join(" → ");
}

function wordOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === "string" && value !== "") return value;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return wordOf(value.Name ?? value.Key);
  return undefined;
}

/**
 * The name of who caused an event, as far as the journey knows the person;
 * empty for somebody it does not know, undefined when nobody did.
 */
export function actorOf(actor: string | undefined, journey: Journey): string | undefined {
  if (actor === undefined || actor === "") return undefined;
  const id = /^user (\d+)$/.exec(actor)?.[1];
  if (id === undefined) return actor;
  if (journey.lead?.id === id) return fullName(journey.lead) || journey.lead.email;
  const people = [journey.owner, ...journey.stages.flatMap((stage) => stage.activities.map(({ assignee }) => assignee?.user))];
  return fullName(people.find((person) => person?.id === id));
}
