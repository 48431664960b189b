// A real Chromium, the people in it, and what every page must hold.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable"];

/** Where Chromium is; undefined where it is missing. */
export function findChromium() {
  return [process.env.CHROMIUM, ...places].find((at) => at !== undefined && existsSync(at));
}

export async function launch() {
  return chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"] });
}

/** A person at a window of their own; nothing moves, so that nothing has to be waited out. */
export async function person(browser, { locale = "en-US", scheme = "light", width = 1280, height = 800 } = {}) {
  const context = await browser.newContext({
    locale,
    colorScheme: scheme,
    reducedMotion: "reduce",
    viewport: { width, height },
    timezoneId: "Europe/Paris",
  });
  // The limit for what never comes; nothing waits for it otherwise.
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(`page error: ${error.message}`));
  page.on("console", (message) => {
    // Refused calls are logged by the browser itself; the tests judge what the page makes of them.
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) page.faults.push(`console: ${message.text()}`);
  });
  return page;
}

/** Comes in by a sign-in link: opening it changes nothing, pressing the button does. */
export async function signIn(page, link) {
  await page.goto(link);
  await page.getByRole("button", { name: /^(Sign in|Se connecter)$/ }).click();
  await page.getByRole("navigation").first().waitFor();
}

/** Steps that build on each other: after one that failed, the others are not tried. */
export function steps(t) {
  let broken = false;
  return (name, does) =>
    t.test(name, async () => {
      if (broken) assert.fail("an earlier step failed");
      broken = true;
      await does();
      broken = false;
    });
}

const axeSource = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

async function axe(page) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axeSource);
  return page.evaluate(async (tags) => {
    const { violations } = await window.axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
    return violations.map(
      ({ id, help, nodes }) => `${id}: ${help}\n${nodes.map((node) => `    ${node.html}\n    ${node.failureSummary}`).join("\n")}`,
    );
  }, rules);
}

/** Puts the page into a language, as a choice made in another window would. */
export async function speak(page, language) {
  await page.evaluate((to) => {
    window.localStorage.setItem("kohomai.language", to);
    window.dispatchEvent(new StorageEvent("storage", { key: "kohomai.language", newValue: to }));
  }, language);
  await page.waitForFunction((to) => document.documentElement.lang === to, language);
}

async function paint(page, scheme) {
  await page.emulateMedia({ colorScheme: scheme });
  await page.waitForFunction((to) => {
    // The page of links has no program of its own: it follows the system by style alone.
    const chosen = document.documentElement.dataset.mantineColorScheme ?? to;
    return chosen === to && window.matchMedia(`(prefers-color-scheme: ${to})`).matches;
  }, scheme);
}

/** Presses Tab until what has the focus is the wanted thing, as somebody without a mouse does. */
export async function tabTo(page, locator, key = "Tab") {
  await locator.first().waitFor();
  for (let presses = 0; presses < 60; presses++) {
    if (await locator.first().evaluate((element) => element === document.activeElement)) return inSight(locator.first());
    await page.keyboard.press(key);
  }
  const focus = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200));
  assert.fail(`60 presses of ${key} never came to ${locator}; the focus is on ${focus}`);
}

/** What has the focus must be seen: nothing of ours lies over its middle (WCAG 2.4.11). */
async function inSight(locator) {
  const over = await locator.evaluate((element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    const there = document.elementFromPoint(left + width / 2, top + height / 2);
    const own = there !== null && (element.contains(there) || there.contains(element));
    return own ? undefined : (there?.outerHTML.slice(0, 200) ?? "outside the window");
  });
  assert.equal(over, undefined, `${locator} has the focus and is hidden: ${over}`);
}

async function withoutSidewaysScroll(page, what) {
  const { width, height } = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 640 });
  const over = await page.evaluate(() => {
    const limit = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= limit) return undefined;
    const outside = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > limit + 0.5);
    return `${document.documentElement.scrollWidth} px wide, from ${outside[0]?.outerHTML.slice(0, 300)}`;
  });
  assert.equal(over, undefined, `${what} scrolls sideways at 320 px: ${over}`);
  await page.setViewportSize({ width, height });
}

/**
 * What every page, dialog and state must hold: no violation of WCAG 2.2 AA that
 * axe can find, in both themes and both languages; nothing sideways at 320 px;
 * no fault in the browser's console. With SHOTS=folder it also leaves pictures.
 * A page that speaks the browser's own language only is given that one.
 */
export async function audit(page, what, languages = ["fr", "en"]) {
  const found = [];
  for (const language of languages) {
    if (languages.length > 1) await speak(page, language);
    for (const scheme of ["dark", "light"]) {
      await paint(page, scheme);
      for (const violation of await axe(page)) found.push(`${what}, ${language}, ${scheme}: ${violation}`);
      await shoot(page, what, language, scheme);
    }
  }
  assert.equal(found.length, 0, found.join("\n"));
  await withoutSidewaysScroll(page, what);
  const faults = page.faults.splice(0);
  assert.equal(faults.length, 0, `${what}, the browser's console: ${faults.join("\n")}`);
}

async function shoot(page, what, language, scheme) {
  const folder = process.env.SHOTS;
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  const { width, height } = page.viewportSize();
  for (const at of [1280, 390]) {
    if (language === "fr" && at === 390) continue;
    await page.setViewportSize({ width: at, height });
    const file = `${what.replaceAll(/\W+/g, "-")}.${at}.${language}.${scheme}.png`;
    await page.screenshot({ path: path.join(folder, file), fullPage: true });
  }
  await page.setViewportSize({ width, height });
}
