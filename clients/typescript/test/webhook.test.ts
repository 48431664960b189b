import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { verifyWebhook, WebhookVerificationError } from "../src/index.js";

const body = '{"type":"lead.registered","timestamp":"2026-11-24T09:30:00Z","data":{"Id":7,"Name":"Zoë"}}';
const secret = "whsec_" + "QUJD".repeat(11);
const other = "whsec_" + "WFla".repeat(11);
const now = 1_780_000_000_000;

function sign(by: string, at: number, text = body, id = "evt_7"): string {
  const key = Buffer.from(by.slice("whsec_".length), "base64");
  return "v1," + createHmac("sha256", key).update(`${id}.${at}.${text}`).digest("base64");
}

function headers(signature: string, at = now / 1000): Record<string, string> {
  return { "webhook-id": "evt_7", "webhook-timestamp": String(at), "webhook-signature": signature };
}

test("the example of the Standard Webhooks libraries", async () => {
  // id, secret, payload and signature as their test suites have them
  const known = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  };
  const got = await verifyWebhook('{"test": 2432232314}', known, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", { now: 1614265330_000 });
  assert.deepEqual(got, { test: 2432232314 });
});

test("ours, as text, bytes, and with the headers of fetch", async () => {
  const good = headers(sign(secret, now / 1000));
  for (const given of [body, new TextEncoder().encode(body)]) {
    assert.equal((await verifyWebhook(given, good, secret, { now })).type, "lead.registered");
  }
  assert.equal((await verifyWebhook(body, new Headers(good), secret, { now })).data.Id, 7);
});

test("while a secret changes, on either side", async () => {
  const both = `${sign(other, now / 1000)} ${sign(secret, now / 1000)}`;
  await verifyWebhook(body, headers(both), secret, { now });
  await verifyWebhook(body, headers(sign(secret, now / 1000)), [other, secret], { now });
});

test("within the tolerance, not beyond", async () => {
  for (const [seconds, tolerance] of [[300, undefined], [-300, undefined], [9, 10]] as const) {
    const at = now / 1000 - seconds;
    await verifyWebhook(body, headers(sign(secret, at), at), secret, { now, ...(tolerance === undefined ? {} : { tolerance }) });
  }
});

const at = now / 1000;
for (const [name, given, head, by] of [
  ["another secret", body, headers(sign(other, at)), secret],
  ["another body", body + " ", headers(sign(secret, at)), secret],
  ["another version", body, headers(sign(secret, at).replace("v1,", "v2,")), secret],
  ["another id", body, headers(sign(secret, at, body, "evt_8")), secret],
  ["another moment", body, headers(sign(secret, at - 60)), secret],
  ["old", body, headers(sign(secret, at - 301), at - 301), secret],
  ["from later", body, headers(sign(secret, at + 301), at + 301), secret],
  ["no base64", body, headers("v1,***"), secret],
  ["half a signature", body, headers(sign(secret, at).slice(0, 20)), secret],
  ["no signature", body, headers(""), secret],
  ["no headers", body, {}, secret],
  ["no number", body, { ...headers(sign(secret, at)), "webhook-timestamp": "now" }, secret],
  ["no secret", body, headers(sign(secret, at)), []],
] as const) {
  test(`refused: ${name}`, async () => {
    await assert.rejects(verifyWebhook(given, head, by, { now }), WebhookVerificationError);
  });
}

test("a secret that is none is the caller's mistake", async () => {
  await assert.rejects(verifyWebhook(body, headers(sign(secret, at)), "whsec_***", { now }), TypeError);
});
