import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// Two programs leave this folder: the console ("office", for the team, at /p)
// and the front-office ("front", for leads, at /f). They are built apart, so
// that nothing of the console can slip into what a lead's phone loads.
// `--mode office|front` chooses; scripts/build.mjs runs both.
export default defineConfig(({ mode }) => {
  const entry = mode === "front" ? "front" : "office";
  return {
    root: entry === "front" ? "src/front" : "src/office",
    base: entry === "front" ? "/f/" : "/p/",
    plugins: [react()],
    build: {
      outDir: `../../dist/${entry}`,
      emptyOutDir: true,
      manifest: true,
      sourcemap: false,
      // Assets stay files: the policy of the pages allows no data: fonts or styles.
      assetsInlineLimit: 0,
      cssMinify: "lightningcss",
      target: "es2022",
    },
    server: {
      proxy: {
        "/kohomai.": process.env.KOHOMAI_URL ?? "http://127.0.0.1:8080",
        "/internal": process.env.KOHOMAI_URL ?? "http://127.0.0.1:8080",
      },
    },
    test: {
      root: import.meta.dirname,
      include: ["src/**/*.test.{ts,tsx}"],
      environment: "happy-dom",
      setupFiles: ["./vitest.setup.ts"],
      restoreMocks: true,
      // A limit for what hangs, not a measure: a busy machine is slow and right.
      testTimeout: 60_000,
    },
  };
});
