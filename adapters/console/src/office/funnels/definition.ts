// Reads a funnel's definition as it is stored, for drawing. A draft may be
// unfinished: whatever makes no sense is left out, nothing is invented.
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";

export interface Branch {
  name: string;
  when: string;
  next: string;
}

export interface Planned {
  key: string;
  name: string;
  connector: string;
  assignee: { kind: "lead" | "automatic" | "user" | "policy" | "stakeholder"; name: string } | undefined;
  when: string | undefined;
  required: boolean;
  dueIn: string | undefined;
  timeout: string | undefined;
  onFailure: string | undefined;
}

export type Node =
  | { kind: "Decision"; key: string; name: string; branches: Branch[]; unknown: { after: string | undefined; next: string } | undefined; otherwise: string | undefined }
  | { kind: "Stage"; key: string; name: string; activities: Planned[]; next: string | undefined; maxVisits: number | undefined }
  | { kind: "End"; key: string; name: string; result: string };

export interface Definition {
  start: string;
  nodes: Node[];
}

function object(value: JsonValue | undefined): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}

function list(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.map(object).filter((item) => item !== undefined) : [];
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function assigneeOf(value: JsonValue | undefined): Planned["assignee"] {
  const given = object(value);
  if (given === undefined) return undefined;
  if (given.Lead === true) return { kind: "lead", name: "" };
  if (given.Automatic === true) return { kind: "automatic", name: "" };
  const policy = text(given.Policy);
  if (policy !== undefined) return { kind: "policy", name: policy };
  const stakeholder = text(given.Stakeholder);
  if (stakeholder !== undefined) return { kind: "stakeholder", name: stakeholder };
  if (given.User !== undefined && given.User !== null) return { kind: "user", name: text(given.User) ?? "" };
  return undefined;
}

function failureOf(value: JsonValue | undefined): string | undefined {
  return text(value) ?? text(object(value)?.Next);
}

function planned(activity: JsonObject): Planned {
  const key = text(activity.Key) ?? "";
  return {
    key,
    name: text(activity.Name) ?? key,
    connector: text(activity.Connector) ?? "",
    assignee: assigneeOf(activity.Assignee),
    when: text(activity.When),
    required: activity.Required !== false,
    dueIn: text(object(activity.Due)?.In),
    timeout: text(activity.Timeout),
    onFailure: failureOf(activity.OnFailure),
  };
}

function nodeOf(node: JsonObject): Node | undefined {
  const key = text(node.Key) ?? "";
  const name = text(node.Name) ?? key;
  switch (node.Kind) {
    case "Decision": {
      const unknown = object(node.Unknown);
      const next = text(unknown?.Next);
      return {
        kind: "Decision",
        key,
        name,
        branches: list(node.Branches).map((branch) => ({
          name: text(branch.Name) ?? "",
          when: text(branch.When) ?? "",
          next: text(branch.Next) ?? "",
        })),
        unknown: next === undefined ? undefined : { after: text(unknown?.After), next },
        otherwise: text(node.Otherwise),
      };
    }
    case "Stage":
      return {
        kind: "Stage",
        key,
        name,
        activities: list(node.Activities).map(planned),
        next: text(node.Next),
        maxVisits: typeof node.MaxVisits === "number" ? node.MaxVisits : undefined,
      };
    case "End":
      return { kind: "End", key, name, result: text(node.Result) ?? "" };
    default:
      return undefined;
  }
}

/** The definition to draw, or undefined when there are no nodes in it. */
export function readDefinition(definition: JsonObject | undefined): Definition | undefined {
  const nodes = list(definition?.Nodes).map(nodeOf).filter((node) => node !== undefined);
  if (nodes.length === 0) return undefined;
  return { start: text(definition?.Start) ?? "", nodes: inReadingOrder(nodes, text(definition?.Start) ?? "") };
}

function nextOf(node: Node): string[] {
  switch (node.kind) {
    case "Decision":
      return [...node.branches.map((b) => b.next), node.unknown?.next, node.otherwise].filter((k) => k !== undefined);
    case "Stage":
      return node.next === undefined ? [] : [node.next];
    case "End":
      return [];
  }
}

/** From the start on, breadth first, what cannot be reached last; ends at the very end. */
function inReadingOrder(nodes: Node[], start: string): Node[] {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const seen = new Set<Node>();
  const queue = [byKey.get(start)];
  while (queue.length > 0) {
    const node = queue.shift();
    if (node === undefined || seen.has(node)) continue;
    seen.add(node);
    for (const key of nextOf(node)) queue.push(byKey.get(key));
  }
  const ordered = [...seen, ...nodes.filter((node) => !seen.has(node))];
  return [...ordered.filter((node) => node.kind !== "End"), ...ordered.filter((node) => node.kind === "End")];
}
