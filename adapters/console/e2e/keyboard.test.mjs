// The whole journey of a lead, and a colleague's part in it, without a mouse.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, person, signIn, tabTo } from "./support/browser.mjs";
import { Program } from "./support/program.mjs";

let browser, program;
before(async () => {
  program = await Program.running();
  browser = await launch();
});
after(() => browser.close());

test("a lead's journey by keyboard alone", async () => {
  const registered = await program.register("demo", { Email: "keys@amazon.com", Firstname: "Kay" });
  const page = await person(browser);
  const button = (name) => page.getByRole("button", { name });
  const link = (name) => page.getByRole("link", { name });
  const enter = async (target) => {
    await tabTo(page, target);
    await page.keyboard.press("Enter");
  };
  const toStep = async (name) => {
    await enter(link("← All steps"));
    await enter(page.getByRole("listitem").getByRole("link", { name }));
  };
  await page.goto(registered.ConnectionURL);
  await enter(button("Continue"));
  await enter(page.getByRole("listitem").getByRole("link", { name: /Watch how it goes/ }));

  const film = page.locator("video");
  await film.waitFor();
  await film.evaluate((player) => {
    player.muted = true;
    player.defaultPlaybackRate = player.playbackRate = 2;
  });
  await tabTo(page, film);
  await page.keyboard.press("Space");
  await page.getByText("This step is done").waitFor();

  await toStep(/What you need/);
  const radio = page.getByRole("radio").first();
  await tabTo(page, radio);
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowDown");
  await page.getByText("Saved", { exact: true }).first().waitFor();
  await enter(button("Send"));
  await page.getByText("This step is done").waitFor();

  await toStep(/Kick-off call/);
  await tabTo(page, page.getByRole("group", { name: "Choose a time" }).getByRole("radio").first());
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowRight");
  await page.getByText(/^You chose/).waitFor();
  await enter(button("Book this time"));
  await page.getByText("This step is done").waitFor();
  await enter(link("See all steps"));

  const team = await person(browser);
  await signIn(team, await program.invite("keys-team@demo.example.com"));
  // The palette leads to the journey.
  await team.keyboard.press("Control+k");
  await team.getByPlaceholder(/Type an e-mail/).waitFor();
  await team.keyboard.type("keys@amazon.com");
  const found = team.getByRole("dialog").getByRole("button", { name: "B2B onboarding · In progress" });
  await found.waitFor();
  // Answers come one by one and move what is below them: go down until the journey is chosen.
  for (let presses = 0; (await found.getAttribute("data-selected")) === null; presses++) {
    assert.ok(presses < 20, "the arrows never came to the journey");
    await team.keyboard.press("ArrowDown");
  }
  await team.keyboard.press("Enter");
  await tabTo(team, team.getByRole("button", { name: "Approve: Check the company" }));
  await team.keyboard.press("Enter");
  // The dialog has taken the focus to its button.
  await team.locator(":focus", { hasText: "Approve" }).and(team.getByRole("dialog").getByRole("button")).waitFor();
  await team.keyboard.press("Enter");
  await team.getByText("Lead converted").waitFor();

  await page.getByRole("heading", { name: "Thank you, that is all" }).waitFor();
  assert.deepEqual([...page.faults, ...team.faults], []);
});
