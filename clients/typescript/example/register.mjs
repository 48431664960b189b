// Registers a lead and waits until its journey has ended:
//
//   KOHOMAI_URL=http://127.0.0.1:8080 KOHOMAI_API_KEY=koh_test_… node example/register.mjs ann@example.com
import { Kohomai, KohomaiError } from "@kohomai/client";

const client = new Kohomai({ url: process.env.KOHOMAI_URL ?? "", key: process.env.KOHOMAI_API_KEY ?? "" });
const Email = process.argv[2] ?? "purchasing@amazon.com";
const signal = AbortSignal.timeout(60_000);

try {
  // The key names the cause, so that running this again registers nobody twice.
  const lead = await client.registerLead({ ref: "demo-auto", body: { Email } }, { idempotencyKey: `typescript-example-${Email}`, signal });
  console.log(`lead ${lead.Id} is on journey ${lead.Journey.Id}`);
  const journey = await client.waitForEnd(lead.Journey.Id, { signal });
  if (journey.Status !== "Converted") throw new Error(`journey ${journey.Id} ended as ${journey.Status}`);
  console.log(`journey ${journey.Id} is Converted`);
} catch (failed) {
  if (failed instanceof KohomaiError) for (const e of failed.Errors) console.error(`${e.Field}: ${e.Message}`);
  console.error(String(failed));
  process.exitCode = 1;
}
