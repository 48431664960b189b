import type { JsonObject, JsonValue } from "@bufbuild/protobuf";

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
