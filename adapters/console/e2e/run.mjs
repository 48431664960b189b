// The browser ring: starts the built program once, runs every *.test.mjs beside
// this file in a real Chromium, stops the program. Arguments choose files by a
// part of their name; --tap writes what a machine counts.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { findChromium } from "./support/browser.mjs";
import { binary, start } from "./support/program.mjs";

const here = import.meta.dirname;
const tap = process.argv.includes("--tap");
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const files = (await readdir(here))
  .filter((name) => name.endsWith(".test.mjs") && (wanted.length === 0 || wanted.some((part) => name.includes(part))))
  .map((name) => path.join(here, name));

if (findChromium() === undefined) {
  const must = process.env.KOHOMAI_REQUIRE_BROWSER === "1";
  console.error(`
##########################################################################
  ${must ? "FAILED" : "SKIPPED"}: ${files.length} files of browser tests: there is no Chromium here.
  Install it (Debian: apt-get install chromium) or name one in CHROMIUM.
##########################################################################
`);
  if (tap) {
    console.log(`${must ? "not ok" : "ok"} 1 - the pages in a browser${must ? "" : " # SKIP there is no Chromium here"}`);
    console.log(`# pass 0\n# fail ${must ? files.length : 0}\n# skipped ${must ? 0 : files.length}`);
  }
  process.exit(must ? 1 : 0);
}
if (!existsSync(binary)) {
  console.error("bin/kohomai is not built: run make build");
  process.exit(1);
}

const program = await start();
const tests = spawn(process.execPath, ["--test", `--test-reporter=${tap ? "tap" : "spec"}`, "--test-concurrency=2", ...files], {
  stdio: "inherit",
  env: { ...process.env, E2E_DATA_DIR: program.dataDir },
});
const interrupt = () => tests.kill("SIGINT");
process.on("SIGINT", interrupt);
process.on("SIGTERM", interrupt);
const code = await new Promise((resolve) => tests.once("exit", (status) => resolve(status ?? 1)));
if (code !== 0) console.error(`the server's log:\n${program.log().split("\n").slice(-60).join("\n")}`);
await program.stop();
process.exit(code);
