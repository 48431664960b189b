// Takes the picture of the console for the README, from the built program with
// its demo: make picture.
import { mkdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { findChromium, launch, person, signIn } from "../e2e/support/browser.mjs";
import { Program, start } from "../e2e/support/program.mjs";

const target = path.resolve(import.meta.dirname, "../../../docs/images/console.png");
const most = 300_000;

if (findChromium() === undefined) throw new Error("there is no Chromium here: install it, or name one in CHROMIUM");

const server = await start();
const browser = await launch();
try {
  const program = await Program.running(server.dataDir);
  const lead = await program.register("demo", { Email: "purchasing@amazon.com", Firstname: "Grace", Lastname: "Hopper" });
  const id = lead.Journey.Id;
  await program.until(id, (journey) => journey.Stages.some((stage) => stage.Status === "InProgress"), "a stage");
  // One step is behind her, so that the page shows what was done beside what is waited for.
  await program.api("POST", `/journeys/${id}/activities/needs/complete`, { Input: { "data.plan": "enterprise" } });
  const page = await person(browser, { width: 1280, height: 900 });
  await signIn(page, server.signIn);
  await page.goto(`${program.url}/p/journeys/${id}`);
  await page.getByText("Journey started").waitFor();
  await page.evaluate(() => document.fonts.ready);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, await page.screenshot());
} finally {
  await browser.close();
  await server.stop();
}
const { size } = await stat(target);
console.log(`${target}: 1280 x 900, ${(size / 1000).toFixed(0)} kB`);
if (size > most) throw new Error(`the picture is over its budget of ${most / 1000} kB`);
