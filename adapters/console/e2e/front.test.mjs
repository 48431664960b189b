// A lead taken all the way in two windows: the lead's and the team's. Every
// screen of the front-office is judged on the way.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { audit, launch, person, signIn, steps } from "./support/browser.mjs";
import { elsewhere } from "./support/elsewhere.mjs";
import { Program } from "./support/program.mjs";

let browser, program, away;

before(async () => {
  program = await Program.running();
  browser = await launch();
  away = await elsewhere();
});
after(async () => {
  await browser.close();
  away.close();
});

test("a lead goes all the way", async (t) => {
  const step = steps(t);
  const lead = await person(browser, { width: 390, height: 800 });
  const team = await person(browser);
  const registered = await program.register("demo", {
    Email: "front@amazon.com",
    Firstname: "Lea",
    Lastname: "Lead",
    RedirectURL: away.url,
  });
  const id = registered.Journey.Id;
  const toStep = async (name) => {
    await lead.getByRole("link", { name: "← All steps" }).click();
    await lead.getByRole("listitem").getByRole("link", { name }).click();
  };
  await signIn(team, await program.invite("front-team@demo.example.com"));
  await team.goto(`${program.url}/p/journeys/${id}`);
  await team.getByRole("heading", { level: 1, name: "Lea Lead" }).waitFor();

  await step("comes in by the link, once", async () => {
    await lead.goto(registered.ConnectionURL);
    await lead.getByRole("button", { name: "Continue" }).waitFor();
    await audit(lead, "front link", ["en"]);
    await lead.getByRole("button", { name: "Continue" }).click();
    await lead.getByRole("heading", { level: 1, name: "Hello Lea" }).waitFor();
    await audit(lead, "front home");
    const other = await person(browser, { locale: "fr-FR" });
    await other.goto(registered.ConnectionURL);
    await other.getByRole("button", { name: "M’envoyer un code" }).waitFor();
    await audit(other, "front link used up", ["fr"]);
    await other.context().close();
  });

  await step("a film, really watched", async () => {
    await lead.getByRole("listitem").getByRole("link", { name: /Watch how it goes/ }).click();
    const film = lead.locator("video");
    await film.waitFor();
    await audit(lead, "front film");
    // Skipping to the end counts for nothing.
    await film.evaluate(async (player) => {
      player.muted = true;
      player.currentTime = player.duration - 0.5;
      await player.play();
    });
    await film.evaluate((player) => new Promise((resolve) => (player.ended ? resolve() : player.addEventListener("ended", resolve))));
    assert.equal(await lead.getByText("This step is done").count(), 0);
    await film.evaluate(async (player) => {
      player.currentTime = 0;
      player.playbackRate = 2;
      await player.play();
    });
    await lead.getByText("This step is done").waitFor();
    await audit(lead, "front step done");
    // The team sees it without asking.
    await team.getByText("Activity completed").first().waitFor();
  });

  await step("a form, saved field by field, gone on with elsewhere", async () => {
    await toStep(/What you need/);
    await lead.getByRole("radio", { name: "enterprise" }).waitFor();
    await audit(lead, "front form");
    await lead.getByRole("button", { name: "Send" }).click();
    await lead.getByText("Please choose one.").first().waitFor();
    await audit(lead, "front form with faults");
    await lead.getByText("enterprise", { exact: true }).click();
    await lead.getByText("Saved", { exact: true }).first().waitFor();
    // Another browser, another link: what was entered is there.
    const session = await program.api("POST", "/sessions", { Journey: { Id: id }, RedirectURL: away.url });
    const second = await person(browser, { locale: "fr-FR" });
    await second.goto(session.ConnectionURL);
    await second.getByRole("button", { name: "Continuer" }).click();
    await second.getByRole("listitem").getByRole("link", { name: /What you need/ }).click();
    await second.getByRole("radio", { name: "enterprise" }).waitFor();
    assert.equal(await second.getByRole("radio", { name: "enterprise" }).isChecked(), true);
    assert.deepEqual(second.faults, []);
    await second.context().close();
    // And the first one is still in.
    await lead.getByRole("button", { name: "Send" }).click();
    await lead.getByText("This step is done").waitFor();
  });

  await step("a call, booked", async () => {
    await toStep(/Kick-off call/);
    await lead.getByRole("button", { name: "Book this time" }).click();
    await lead.getByText("Choose a time first.").waitFor();
    await audit(lead, "front slots");
    await lead.getByRole("group", { name: "Choose a time" }).locator("label").first().click();
    await lead.getByText(/^You chose/).waitFor();
    await lead.getByRole("button", { name: "Book this time" }).click();
    await lead.getByText("This step is done").waitFor();
    // The page leaves by itself after a while: it is held here until it has been looked at.
    await lead.route(away.url, (route) => route.fulfill({ status: 204 }));
    await lead.getByRole("link", { name: "See all steps" }).click();
  });

  await step("waits for the team, which approves", async () => {
    await lead.getByRole("heading", { name: "Thank you, that is all" }).waitFor();
    await lead.getByRole("button", { name: "Stay here" }).click();
    await team.getByRole("button", { name: "Approve: Check the company" }).click();
    await team.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
    await team.getByText("“Check the company” is approved.").waitFor();
    await team.getByText("Lead converted").waitFor();
    await team.getByRole("main").getByText("Converted", { exact: true }).first().waitFor();
  });

  await step("is thanked, and goes back to where it came from", async () => {
    await lead.getByRole("heading", { name: "Thank you, that is all" }).waitFor();
    await audit(lead, "front thanks");
    await lead.unroute(away.url);
    await lead.getByRole("link", { name: /^Go to 127\.0\.0\.1/ }).click();
    await lead.getByRole("heading", { name: "Welcome back" }).waitFor();
    assert.equal(lead.url(), away.url);
    const journey = await program.journey(id);
    assert.equal(journey.Status, "Converted");
    assert.deepEqual(team.faults, []);
  });
});

test("without a link there is no way in, and one can leave", async () => {
  const page = await person(browser, { width: 390, height: 800 });
  await page.goto(`${program.url}/f/`);
  await page.getByRole("heading", { name: "Open your link to come in" }).waitFor();
  await audit(page, "front without a link");
  const registered = await program.register("demo", { Email: "leaving@amazon.com" });
  await page.goto(registered.ConnectionURL);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "You are signed out" }).waitFor();
  await audit(page, "front signed out");
  await page.goto(`${program.url}/f/nothing-here`);
  await page.getByRole("heading", { name: "There is nothing at this address" }).waitFor();
  await audit(page, "front no such page");
});
