// Every page, dialog and state of the console: accessible in both themes and
// both languages, nothing sideways at 320 px, no fault in the browser's console.
import { after, before, test } from "node:test";
import { audit, launch, person, signIn } from "./support/browser.mjs";
import { Program } from "./support/program.mjs";

let browser, program, page;
const open = (at) => page.goto(`${program.url}/p${at}`);
const press = (name) => page.getByRole("button", { name }).click();

before(async () => {
  program = await Program.running();
  browser = await launch();
  page = await person(browser);
});
after(() => browser.close());

test("sign-in", async () => {
  await page.goto(`${program.url}/p/signin`);
  await page.getByLabel("E-mail").waitFor();
  await audit(page, "sign-in by password");
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.locator("input[type=password]").fill("certainly wrong");
  await press("Sign in");
  await page.getByRole("alert").waitFor();
  await audit(page, "sign-in refused");
  await page.goto(`${program.url}/p/signin?token=nonsense`);
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  await audit(page, "sign-in by link");
  await press("Sign in");
  await page.getByRole("alert").waitFor();
  await audit(page, "sign-in link used up");
});

test("an empty workspace", async () => {
  await signIn(page, await program.newWorkspace("Empty", "first@empty.example.com"));
  for (const [at, wait] of [
    ["/", "First steps"],
    ["/leads", "No leads yet"],
    ["/journeys", "No journeys yet"],
    ["/funnels", "No funnels yet"],
  ]) {
    await open(at);
    await page.getByText(wait).waitFor();
    await audit(page, `empty ${at}`);
  }
});

test("the demo workspace", async (t) => {
  const unique = (name) => `${name}@pages.example.com`;
  // One journey of each kind.
  const asked = await program.register("demo", { Email: "purchasing@amazon.com", Firstname: "Grace", Lastname: "Hopper" });
  const unknown = await program.register("demo", { Email: unique("unknown") });
  const declined = await program.register("demo-auto", { Email: "pages@gmail.com" });
  const converted = await program.register("demo-auto", { Email: "purchasing@walmart.com" });
  await program.until(converted.Journey.Id, (journey) => journey.Status === "Converted", "Converted");
  await page.context().clearCookies();
  await signIn(page, await program.invite("pages@demo.example.com"));
  const journeyPage = `/journeys/${asked.Journey.Id}`;

  await t.test("home", async () => {
    await open("/");
    await page.getByText("Converted lately").waitFor();
    await page.getByRole("link", { name: /purchasing@walmart.com/ }).first().waitFor();
    await audit(page, "home");
  });

  await t.test("palette", async () => {
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder(/Type an e-mail/).waitFor();
    await audit(page, "palette");
    await page.getByPlaceholder(/Type an e-mail/).fill("amazon");
    await page.getByRole("dialog").getByText("B2B onboarding · In progress").first().waitFor();
    await audit(page, "palette with answers");
    await page.keyboard.press("Escape");
  });

  await t.test("account menu", async () => {
    await press(/^Your account/);
    await page.getByRole("dialog").waitFor();
    await audit(page, "account menu");
    await page.keyboard.press("Escape");
  });

  await t.test("navigation on a phone", async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    await press("Open navigation");
    await page.getByRole("dialog").waitFor();
    await audit(page, "navigation drawer");
    await page.keyboard.press("Escape");
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  await t.test("leads", async () => {
    await open("/leads");
    await page.getByRole("link", { name: "purchasing@amazon.com" }).waitFor();
    await audit(page, "leads");
    await open("/leads?q=nobody-at-all");
    await page.getByText(/No lead matches/).waitFor();
    await audit(page, "leads none found");
    await open(`/leads/${asked.Id}`);
    await page.getByText("What is known").waitFor();
    await audit(page, "lead");
    await open("/leads/999999");
    await page.getByRole("alert").waitFor();
    await audit(page, "lead not found");
  });

  await t.test("new lead", async () => {
    // More ways in than a list shows at once.
    for (let n = 1; n <= 8; n++) {
      await program.api("POST", `/funnels/${asked.Journey.Funnel.Id}/origins`, { Name: `Fair ${n}`, Ref: `fair-${n}`, Kind: "Page" });
    }
    await open("/leads");
    await press("New lead");
    await page.getByRole("dialog").waitFor();
    await audit(page, "new lead");
    await press("Register and start the journey");
    await page.getByText(/Give an e-mail address/).waitFor();
    await audit(page, "new lead with faults");
    await page.getByRole("combobox", { name: /Funnel and origin/ }).click();
    await page.getByRole("option").first().waitFor();
    await audit(page, "new lead choosing");
  });

  await t.test("journeys", async () => {
    await open("/journeys");
    await page.getByRole("link", { name: "purchasing@amazon.com" }).waitFor();
    await audit(page, "journeys");
    await page.getByRole("combobox", { name: "Status" }).or(page.getByRole("textbox", { name: "Status" })).click();
    await page.getByRole("option", { name: "Blocked" }).waitFor();
    await audit(page, "journeys choosing a status");
    await open("/journeys?status=Cancelled&q=nobody-at-all");
    await page.getByText("No journey matches these filters").waitFor();
    await audit(page, "journeys none found");
  });

  await t.test("journey", async () => {
    await open(journeyPage);
    await page.getByText("Journey started").waitFor();
    await audit(page, "journey");
    for (const [journey, wait] of [
      [unknown, "Journey started"],
      [declined, "Lead not qualified"],
      [converted, "Lead converted"],
    ]) {
      await open(`/journeys/${journey.Journey.Id}`);
      await page.getByText(wait).first().waitFor();
      await audit(page, `journey ${journey.Email}`);
    }
    await open("/journeys/999999");
    await page.getByRole("alert").waitFor();
    await audit(page, "journey not found");
  });

  await t.test("journey dialogs", async () => {
    const dialogs = [
      ["refuse", async () => press("Refuse: Check the company")],
      ["assign", async () => menu("More for “Check the company”", "Assign to…")],
      ["skip", async () => menu("More for “Check the company”", "Skip")],
      ["cancel", async () => menu("More actions", "Cancel the journey")],
      ["link", async () => press("Link for the lead")],
    ];
    const menu = async (button, item) => {
      await press(button);
      await page.getByRole("menuitem", { name: item }).waitFor();
      await page.getByRole("menuitem", { name: item }).click();
    };
    await open(journeyPage);
    await press("More for “Check the company”");
    await page.getByRole("menu").waitFor();
    await audit(page, "journey activity menu");
    await page.keyboard.press("Escape");
    for (const [name, show] of dialogs) {
      await show();
      await page.getByRole("dialog").waitFor();
      await audit(page, `journey dialog ${name}`);
      if (name === "refuse") {
        await page.getByRole("dialog").getByRole("button", { name: "Refuse" }).click();
        await page.getByText("Say why, in a few words.").waitFor();
        await audit(page, "journey dialog refuse without reason");
      }
      if (name === "link") {
        await press("Make a link");
        await page.getByText(/Signs purchasing@amazon.com in/).waitFor();
        await audit(page, "journey dialog link made");
      }
      await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }
  });

  await t.test("funnels", async () => {
    await open("/funnels");
    await page.getByRole("link", { name: "B2B onboarding" }).waitFor();
    await audit(page, "funnels");
    await open(`/funnels/edit/${asked.Journey.Funnel.Id}`);
    await page.getByText("Good fit?").first().waitFor();
    await audit(page, "funnel outline");
    await page.getByText("Source", { exact: true }).click();
    await page.getByRole("region", { name: "Source" }).waitFor();
    await audit(page, "funnel source");
  });

  await t.test("a draft with faults", async () => {
    const funnel = await program.api("POST", "/funnels", {
      Name: "Half a funnel",
      Definition: { Name: "Half a funnel", Start: "fit", Nodes: [{ Key: "fit", Kind: "Decision", Name: "Fit?", Otherwise: "nowhere" }] },
    });
    await open(`/funnels/edit/${funnel.Id}`);
    await page.getByText(/fault/).first().waitFor();
    await audit(page, "funnel with faults");
    await press("Publish…");
    await page.getByRole("dialog").waitFor();
    await audit(page, "funnel publish");
    await page.getByRole("dialog").getByRole("button", { name: "Publish" }).click();
    await page.getByRole("dialog").getByRole("alert").waitFor();
    await audit(page, "funnel publish refused");
  });

  await t.test("settings", async () => {
    await open("/settings/users");
    await page.getByText("admin@demo.example.com").waitFor();
    await audit(page, "users");
    await open("/settings/api");
    await page.getByText("Register a lead").waitFor();
    await audit(page, "api");
  });

  await t.test("mail", async () => {
    await open("/mail");
    const message = page.getByRole("link", { name: /purchasing@walmart.com/ });
    await message.first().waitFor();
    await audit(page, "mail");
    await message.first().click();
    await page.getByRole("article").getByText(/To purchasing@walmart.com/).waitFor();
    await audit(page, "mail message");
    await open("/mail?to=nobody@example.com");
    await page.getByText(/No mail to/).waitFor();
    await audit(page, "mail none found");
  });

  await t.test("nothing there, and nobody answering", async () => {
    await open("/nothing-here");
    await page.getByText("There is nothing at this address").first().waitFor();
    await audit(page, "no such page");
    await page.route("**/kohomai.v1.LeadService/ListLeads*", (route) => route.abort());
    await open("/leads");
    await page.getByRole("alert").waitFor();
    page.faults.length = 0; // the browser may name the call that was cut
    await audit(page, "leads unreachable");
    await page.unroute("**/kohomai.v1.LeadService/ListLeads*");
    await press("Try again");
    await page.getByRole("link", { name: "purchasing@amazon.com" }).waitFor();
  });
});
