import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { Kohomai, KohomaiError, type ClientOptions } from "../src/index.js";

interface Asked {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}
type Answer = (r: ServerResponse, asked: Asked) => void;

const servers: Array<() => void> = [];
after(() => servers.forEach((close) => close()));

/** A server that gives one answer after the other, the last one again and again. */
async function standIn(answers: Answer[], options: Partial<ClientOptions> = {}) {
  const asked: Asked[] = [];
  const waits: number[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const one = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body };
      asked.push(one);
      answers[Math.min(asked.length, answers.length) - 1]?.(response, one);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  servers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const client = new Kohomai({
    url,
    key: "koh_test_x",
    random: () => 0.5,
    sleep: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
    ...options,
  });
  return { client, url, asked, waits };
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (r) => {
    r.writeHead(status, { "Content-Type": "application/json", "Request-Id": "req_1", ...headers });
    r.end(JSON.stringify(body));
  };
const refuse = (status: number, Code: string, headers: Record<string, string> = {}, Errors: unknown[] = []) =>
  json(status, { type: "", title: "", status, detail: "words", instance: "", Code, RequestId: "req_2", Errors }, headers);
const cut: Answer = (r) => r.destroy();
const cutBody: Answer = (r) => {
  r.writeHead(200, { "Content-Length": "100" });
  r.write("{", () => r.destroy());
};
const lead = json(201, { Id: 7, Journey: { Id: 8 } });
const register = (c: Kohomai) => c.registerLead({ ref: "shop & co", body: { Email: "ann@example.com" } });

async function refusal(p: Promise<unknown>): Promise<KohomaiError> {
  const failed: unknown = await p.then(
    () => undefined,
    (e: unknown) => e,
  );
  assert.ok(failed instanceof KohomaiError, String(failed));
  return failed;
}

test("a call says who, what and where", async () => {
  const s = await standIn([lead]);
  assert.equal((await register(s.client)).Id, 7);
  const [first] = s.asked;
  assert.equal(first?.method, "POST");
  assert.equal(first?.url, "/api/v1/leads?ref=shop+%26+co");
  assert.equal(first?.headers.authorization, "Bearer koh_test_x");
  assert.equal(first?.body, '{"Email":"ann@example.com"}');
  await s.client.completeActivity({ id: 4, key: "a/b", body: {} });
  assert.equal(s.asked[1]?.url, "/api/v1/journeys/4/activities/a%2Fb/complete");
  await s.client.listJourneys({ Status: ["InProgress", "Blocked"], PageSize: 5 });
  assert.equal(s.asked[2]?.url, "/api/v1/journeys?Status=InProgress&Status=Blocked&PageSize=5");
  assert.equal(s.asked[2]?.headers["idempotency-key"], undefined);
  let etag: string | null = "";
  await s.client.putDraft({ id: 3, ifMatch: '"v1"', body: {} }, { onResponse: (r) => (etag = r.headers.get("Request-Id")) });
  assert.equal(s.asked[3]?.headers["if-match"], '"v1"');
  assert.equal(etag, "req_1");
});

test("what failed for the moment is repeated under one key", async () => {
  const s = await standIn([refuse(503, "unavailable", { "Retry-After": "2" }), refuse(409, "idempotency_key_in_use", { "Retry-After": "1" }), cut, lead]);
  assert.equal((await register(s.client)).Id, 7);
  const keys = new Set(s.asked.map((a) => a.headers["idempotency-key"]));
  assert.equal(s.asked.length, 4);
  assert.equal(keys.size, 1);
  assert.match([...keys][0] as string, /^[0-9a-f]{32}$/);
  assert.deepEqual(s.waits, [2125, 1250, 500]);
  await register(s.client);
  assert.notEqual(s.asked[4]?.headers["idempotency-key"], [...keys][0]);
  await s.client.registerLead({ ref: "shop", body: {} }, { idempotencyKey: "order-1" });
  assert.equal(s.asked[5]?.headers["idempotency-key"], "order-1");
});

for (const [name, answer, tries, kind] of [
  ["500", refuse(500, "internal"), 4, "Internal"],
  ["429", refuse(429, "too_many_requests", { "Retry-After": "1" }), 4, "Limited"],
  ["429 for an hour", refuse(429, "too_many_requests", { "Retry-After": "3600" }), 1, "Limited"],
  ["409", refuse(409, "reentry_refused"), 1, "Conflict"],
  ["424", refuse(424, "provider_failed"), 1, "Provider"],
  ["403", refuse(403, "scope_missing"), 1, "Forbidden"],
  ["a connection cut", cut, 4, "Network"],
  ["an answer cut", cutBody, 4, "Network"],
] as const) {
  test(`${name} is tried ${tries} times`, async () => {
    const s = await standIn([answer]);
    assert.equal((await refusal(register(s.client))).kind, kind);
    assert.equal(s.asked.length, tries);
  });
}

test("a PUT and a DELETE are repeated only when nothing was done", async () => {
  const s = await standIn([refuse(429, "too_many_requests"), cut]);
  assert.equal((await refusal(s.client.putDraft({ id: 3, ifMatch: '"v1"', body: {} }))).kind, "Network");
  assert.equal(s.asked.length, 2);
  await refusal(s.client.deleteWebhookEndpoint({ id: 3 }));
  assert.equal(s.asked.length, 3);
});

test("an error names code, request and every field", async () => {
  const Errors = [
    { Field: "Email", Code: "invalid_email", Message: "This is not an e-mail address." },
    { Field: "ref", Code: "unknown_ref", Message: "There is no such origin." },
  ];
  const s = await standIn([refuse(422, "invalid", {}, Errors)]);
  const e = await refusal(register(s.client));
  assert.equal(e.kind, "Invalid");
  assert.equal(e.status, 422);
  assert.equal(e.Code, "invalid");
  assert.equal(e.RequestId, "req_2");
  assert.deepEqual(e.Errors, Errors);
  assert.match(e.message, /ref: There is no such origin\./);
});

test("a proxy's page is an error, too", async () => {
  const s = await standIn([
    (r) => {
      r.writeHead(404, { "Content-Type": "text/html" });
      r.end("<h1>Not found</h1>");
    },
  ]);
  const e = await refusal(register(s.client));
  assert.deepEqual([e.kind, e.status, e.Code, e.Errors], ["NotFound", 404, "", []]);
});

test("a signal ends a request, and the pause before the next", async () => {
  const gone = new AbortController();
  const hangs = await standIn([() => gone.abort(new Error("enough"))]);
  await assert.rejects(hangs.client.listLeads({}, { signal: gone.signal }), /enough/);
  assert.equal(hangs.asked.length, 1);

  const later = new AbortController();
  const pausing = await standIn([
    (r, a) => {
      refuse(503, "unavailable", { "Retry-After": "50" })(r, a);
      setImmediate(() => later.abort(new Error("enough")));
    },
  ]);
  // The client's own timer: a test that waited for it would take 50 seconds.
  const own = new Kohomai({ url: pausing.url, key: "koh_test_x" });
  await assert.rejects(own.listLeads({}, { signal: later.signal }), /enough/);
});

test("an attempt without an answer in time is tried again", async () => {
  const s = await standIn([() => undefined, lead], { timeout: 50 });
  assert.equal((await register(s.client)).Id, 7);
  assert.equal(s.asked.length, 2);
});

test("a list is read to its end, no further than asked", async () => {
  const pages: Record<string, unknown> = {
    "": { Leads: [{ Id: 1 }, { Id: 2 }], NextPageToken: "b" },
    b: { Leads: [], NextPageToken: "c" },
    c: { Leads: [{ Id: 3 }], NextPageToken: null },
  };
  const s = await standIn([(r, a) => json(200, pages[new URL(a.url, "http://x").searchParams.get("PageToken") ?? ""])(r, a)]);
  const ids: number[] = [];
  for await (const l of s.client.allLeads({ Search: "ann" })) ids.push(l.Id);
  assert.deepEqual(ids, [1, 2, 3]);
  assert.ok(s.asked.every((a) => a.url.includes("Search=ann")));
  for await (const l of s.client.allLeads()) if (l.Id === 1) break;
  assert.equal(s.asked.length, 4);
});

test("waiting ends with the journey", async () => {
  const s = await standIn([json(200, { Id: 4, Status: "InProgress" }), json(200, { Id: 4, Status: "Blocked" }), json(200, { Id: 4, Status: "NotQualified" })]);
  assert.equal((await s.client.waitForEnd(4)).Status, "NotQualified");
  assert.deepEqual(s.waits, [200, 300]);
});

test("an answer without a body is undefined", async () => {
  const s = await standIn([
    (r) => {
      r.writeHead(204);
      r.end();
    },
  ]);
  assert.equal(await s.client.deleteWebhookEndpoint({ id: 3 }), undefined);
});

test("address, key and arguments that cannot be right are refused at once", async () => {
  for (const [url, key] of [["", "k"], ["kohomai.example.com", "k"], ["ftp://x", "k"], ["https://x", ""], ["https://x", "a\nb"]] as const) {
    assert.throws(() => new Kohomai({ url, key }), TypeError, `${url} ${key}`);
  }
  const s = await standIn([lead]);
  await assert.rejects(s.client.getConnector({ key: "" }), TypeError);
  assert.equal(s.asked.length, 0);
});
