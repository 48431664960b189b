// What a colleague does in the console, from the invitation to the published funnel.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, person, signIn } from "./support/browser.mjs";
import { Program } from "./support/program.mjs";

let browser, program, page;
const open = (at) => page.goto(`${program.url}/p${at}`);
const press = (name) => page.getByRole("button", { name }).click();
const dialog = () => page.getByRole("dialog");
const search = () => new URL(page.url()).searchParams;

before(async () => {
  program = await Program.running();
  browser = await launch();
  page = await person(browser);
  await signIn(page, await program.invite("office@demo.example.com"));
});
after(async () => {
  await browser.close();
});

test("a new lead: what is wrong stands at its field, what is right begins a journey", async () => {
  await open("/leads");
  await page.getByRole("button", { name: "New lead" }).first().click();
  const email = dialog().getByRole("textbox", { name: /E-mail/ });
  const register = dialog().getByRole("button", { name: "Register and start the journey" });
  await register.click();
  assert.equal(await email.getAttribute("aria-invalid"), "true");
  await page.waitForFunction(() => document.activeElement?.getAttribute("type") === "email");
  await dialog().getByRole("combobox", { name: /Funnel and origin/ }).click();
  await page.getByRole("option", { name: "demo-auto (demo-auto)" }).click();
  // What only the server can tell stands at the field as well.
  await email.fill("ada@-.x");
  await register.click();
  await dialog().locator("[aria-invalid=true]").first().waitFor();
  assert.equal(await email.getAttribute("aria-invalid"), "true");
  await email.fill("new.lead@amazon.com");
  await dialog().getByLabel("First name").fill("Nora");
  await dialog().getByLabel("Last name").fill("New");
  await register.click();
  await page.getByRole("heading", { level: 1, name: "Nora New" }).waitFor();
  assert.match(page.url(), /\/p\/journeys\/\d+$/);
  // The page follows the journey to its end by itself.
  await page.getByText("Lead converted").waitFor();
  const decision = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Good fit?" }) });
  await decision.getByText("company.size >= 1000").waitFor();
  await decision.getByText("1,608,000").waitFor();
  await page.getByRole("link", { name: "new.lead@amazon.com" }).click();
  await page.getByRole("heading", { name: "What is known" }).waitFor();
  await page.getByRole("region", { name: "Journeys" }).getByText("Converted").waitFor();
});

test("filters are kept in the address, also over going back", async () => {
  await program.register("demo-auto", { Email: "filters@gmail.com" });
  await open("/journeys");
  await page.getByRole("textbox", { name: "Search by e-mail or name" }).fill("filters@");
  await page.waitForURL(/q=filters/);
  await page.getByRole("combobox", { name: "Status" }).or(page.getByRole("textbox", { name: "Status" })).click();
  await page.getByRole("option", { name: "Not qualified" }).click();
  await page.waitForURL(/NotQualified/);
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "filters@gmail.com" }).click();
  await page.getByText("Lead not qualified").waitFor();
  await page.goBack();
  await page.getByRole("link", { name: "filters@gmail.com" }).waitFor();
  assert.equal(search().get("q"), "filters@");
  await page.reload();
  await page.getByRole("link", { name: "filters@gmail.com" }).waitFor();
  assert.equal(await page.getByRole("textbox", { name: "Search by e-mail or name" }).inputValue(), "filters@");
});

test("assign, skip, refuse, cancel: each says what it does and asks first", async () => {
  const one = await program.register("demo", { Email: "acts@amazon.com" });
  await open(`/journeys/${one.Journey.Id}`);
  await press("More for “Check the company”");
  await page.getByRole("menuitem", { name: "Assign to…" }).click();
  await dialog().getByRole("button", { name: "Confirm" }).click();
  await dialog().getByText("Choose somebody.").waitFor();
  await dialog().getByRole("combobox", { name: /New assignee/ }).click();
  await page.getByRole("option", { name: /office@demo.example.com/ }).click();
  await dialog().getByRole("button", { name: "Confirm" }).click();
  await page.getByText("“Check the company” is assigned.").waitFor();

  await press("More for “Watch how it goes”");
  await page.getByRole("menuitem", { name: "Skip" }).click();
  await dialog().getByLabel(/Reason/).fill("Seen it on the fair.");
  await dialog().getByRole("button", { name: "Skip" }).click();
  await page.getByText("“Watch how it goes” is skipped.").waitFor();

  // What is mine stands on the first page.
  await open("/");
  await page.getByRole("link", { name: /Check the company.*acts@amazon.com/s }).click();
  await press("Refuse: Check the company");
  await dialog().getByLabel(/Reason/).fill("We know them already.");
  await dialog().getByRole("button", { name: "Refuse" }).click();
  await page.getByText("“Check the company” is refused.").waitFor();
  await page.getByText("Lead not qualified").waitFor();
  assert.equal((await program.journey(one.Journey.Id)).Status, "NotQualified");

  const two = await program.register("demo", { Email: "cancel@amazon.com" });
  await open(`/journeys/${two.Journey.Id}`);
  await press("More actions");
  await page.getByRole("menuitem", { name: "Cancel the journey" }).click();
  await dialog().getByRole("button", { name: "Keep it" }).click();
  await dialog().waitFor({ state: "detached" });
  assert.equal((await program.journey(two.Journey.Id)).Status, "InProgress");
  await press("More actions");
  await page.getByRole("menuitem", { name: "Cancel the journey" }).click();
  await dialog().getByRole("button", { name: "Cancel the journey" }).click();
  await page.getByText("The journey is cancelled.").waitFor();
  await page.getByText("Cancelled", { exact: true }).first().waitFor();
});

test("a link lets a person play the lead in a second window", async () => {
  const registered = await program.register("demo", { Email: "played@amazon.com", Firstname: "Petra" });
  await open(`/journeys/${registered.Journey.Id}`);
  await press("Link for the lead");
  await press("Make a link");
  const link = await dialog().getByRole("region", { name: "Link for the lead" }).textContent();
  const lead = await person(browser);
  await lead.goto(link ?? "");
  await lead.getByRole("button", { name: "Continue" }).click();
  await lead.getByRole("heading", { name: "Hello Petra" }).waitFor();
  await lead.context().close();
});

test("a draft is published, and takes leads at once", async () => {
  const funnel = await program.api("POST", "/funnels", {
    Name: "Trial",
    Definition: {
      Name: "Trial",
      Start: "hello",
      Nodes: [
        {
          Key: "hello",
          Kind: "Stage",
          Name: "Hello",
          Activities: [{ Key: "ring", Connector: "task", Name: "Ring them up", Assignee: { Policy: "account-managers" } }],
          Next: "done",
        },
        { Key: "done", Kind: "End", Result: "Converted" },
      ],
    },
  });
  await open("/funnels");
  await page.getByRole("link", { name: "Trial" }).click();
  await page.getByText("Ring them up").waitFor();
  await press("Publish…");
  await dialog().getByLabel("What changed").fill("The first one.");
  await dialog().getByRole("button", { name: "Publish" }).click();
  await page.getByText("Version 1 is published.").waitFor();
  const { Origins } = await program.api("GET", `/funnels/${funnel.Id}/origins`);
  const registered = await program.register(Origins[0].Ref, { Email: "trial@example.org" });
  await open(`/journeys/${registered.Journey.Id}`);
  await press("Mark as done: Ring them up");
  await dialog().getByRole("button", { name: "Mark as done" }).click();
  await page.getByText("“Ring them up” is done.").waitFor();
  await page.getByText("Lead converted").waitFor();
});

test("users and the way to the API", async () => {
  await open("/settings/users");
  await page.getByRole("cell", { name: "office@demo.example.com" }).waitFor();
  await open("/settings/api");
  await page.getByRole("region", { name: "ref=demo" }).first().waitFor();
  // The call that is shown works as it stands, with the demo's key.
  const call = await page.getByRole("region", { name: /^ref=/ }).first().textContent();
  assert.match(call ?? "", new RegExp(`${program.url}/api/v1/leads\\?ref=`));
  await press(/^Your account/);
  await press("Sign out");
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.deepEqual(page.faults, []);
});
