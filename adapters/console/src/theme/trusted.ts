// The pages run under `require-trusted-types-for 'script'`. Mantine writes its
// few computed styles as the text of <style> elements; that is the only string
// any library here hands to a markup sink, and style text has no angle bracket
// that opens a tag. Everything else stays refused.

interface TrustedTypesFactory {
  createPolicy(name: string, rules: { createHTML: (text: string) => string }): unknown;
}

declare global {
  interface Window {
    trustedTypes?: TrustedTypesFactory;
  }
}

/** Style text passes; anything that could open a tag does not. */
export function styleOnly(text: string): string {
  if (text.includes("<")) throw new TypeError("markup from a string is refused");
  return text;
}

/** Defines the page's one policy. Call once, before anything renders. */
export function installTrustedTypes(): void {
  window.trustedTypes?.createPolicy("default", { createHTML: styleOnly });
}
