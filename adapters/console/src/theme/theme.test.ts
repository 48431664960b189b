import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { styleOnly } from "./trusted";

const css = readFileSync(path.resolve(import.meta.dirname, "tokens.css"), "utf8");

/** The tokens of one block of tokens.css. */
function tokens(selector: string): Record<string, string> {
  const start = css.indexOf(`${selector} {`);
  expect(start, `${selector} stands in tokens.css`).toBeGreaterThanOrEqual(0);
  const block = css.slice(start, css.indexOf("}", start));
  return Object.fromEntries(
    [...block.matchAll(/--k-([a-z-]+):\s*(#[0-9a-f]{6})/g)].map((m) => [m[1] ?? "", m[2] ?? ""]),
  );
}

/** WCAG 2.2 relative luminance. */
function luminance(hex: string): number {
  const channel = (at: number) => {
    const c = parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const themes = [
  ["light", tokens(":root")],
  ["dark", tokens(':root[data-mantine-color-scheme="dark"]')],
] as const;

describe.each(themes)("the %s theme", (_, t) => {
  const pick = (name: string): string => {
    const value = t[name];
    if (value === undefined) throw new Error(`token ${name} is missing`);
    return value;
  };

  it.each(["ink", "quiet", "accent"])("%s reads on ground, panel and hover", (name) => {
    for (const ground of ["ground", "panel", "hover"]) {
      expect(contrast(pick(name), pick(ground))).toBeGreaterThanOrEqual(4.5);
    }
  });

  it("text on the accent reads", () => {
    expect(contrast(pick("on-accent"), pick("accent"))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(pick("on-accent"), pick("accent-hover"))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(pick("accent"), pick("accent-soft"))).toBeGreaterThanOrEqual(4.5);
  });

  it("borders of controls are seen", () => {
    expect(contrast(pick("control"), pick("panel"))).toBeGreaterThanOrEqual(3);
  });

  it.each(["progress", "blocked", "done", "failed", "lead", "neutral"])(
    "the %s chip reads on its own ground and on the panel",
    (tone) => {
      expect(contrast(pick(tone), pick(`${tone}-soft`))).toBeGreaterThanOrEqual(4.5);
      expect(contrast(pick(tone), pick("panel"))).toBeGreaterThanOrEqual(4.5);
    },
  );
});

describe("styleOnly", () => {
  it("lets style text through and refuses markup", () => {
    expect(styleOnly(":root{--a:1}.b>.c{}")).toBe(":root{--a:1}.b>.c{}");
    expect(() => styleOnly("</style><img src=x>")).toThrow(TypeError);
  });
});
