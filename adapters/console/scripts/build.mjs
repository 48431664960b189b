// Builds both programs into dist/, then says what a visitor has to load and
// refuses a front-office that has outgrown its promise.
import { readFile, stat } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, "..");

// First load of the front-office: compressed script, in bytes.
const FRONT_BUDGET = 150_000;

/** The scripts a first visit loads: the entry and everything it imports statically. */
async function firstLoad(entry) {
  const dist = path.join(root, "dist", entry);
  const manifest = JSON.parse(await readFile(path.join(dist, ".vite/manifest.json"), "utf8"));
  const files = new Set();
  const visit = (key) => {
    const chunk = manifest[key];
    if (files.has(chunk.file)) return;
    files.add(chunk.file);
    for (const next of chunk.imports ?? []) visit(next);
  };
  for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) visit(key);
  let bytes = 0;
  for (const file of files) {
    if (!file.endsWith(".js")) continue;
    await stat(path.join(dist, file));
    bytes += gzipSync(await readFile(path.join(dist, file)), { level: 9 }).length;
  }
  return bytes;
}

for (const entry of ["office", "front"]) {
  await build({ configFile: path.join(root, "vite.config.ts"), mode: entry, logLevel: "warn" });
  const bytes = await firstLoad(entry);
  console.log(`${entry}: ${(bytes / 1000).toFixed(1)} kB of compressed script on the first load`);
  if (entry === "front" && bytes > FRONT_BUDGET) {
    console.error(`front: over its budget of ${FRONT_BUDGET / 1000} kB`);
    process.exitCode = 1;
  }
}
