import { notifications } from "@mantine/notifications";
import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach } from "vitest";
import { i18n } from "./src/i18n";
import { common } from "./src/i18n/en/common";
import { front } from "./src/i18n/en/front";
import { office } from "./src/i18n/en/office";
import { initReactI18next } from "react-i18next";

// How long a condition is waited for: a limit for what never comes, not a measure.
configure({ asyncUtilTimeout: 20_000 });

// What happy-dom leaves out and Mantine asks for.
class NeverMatches extends EventTarget {
  readonly matches = false;
  readonly onchange = null;
  constructor(readonly media: string) {
    super();
  }
  // Mantine falls back on these in old browsers.
  addListener(): void {
    // Never matches, so never tells.
  }
  removeListener(): void {
    // As above.
  }
}
window.matchMedia = (query: string) => new NeverMatches(query);

// Both programs' words at once: a test file belongs to one of them, the setup to all.
await i18n.use(initReactI18next).init({
  lng: "en",
  fallbackLng: false,
  ns: ["common", "office", "front"],
  defaultNS: "common",
  resources: { en: { common, office, front } },
  interpolation: { escapeValue: false },
});

// What else happy-dom leaves out.
class Observer implements ResizeObserver {
  observe(): void {
    // Nothing is laid out in these tests, so nothing changes size.
  }
  unobserve(): void {
    // As above.
  }
  disconnect(): void {
    // As above.
  }
}
window.ResizeObserver = Observer;
// Growing text areas ask when fonts have come.
Object.defineProperty(document, "fonts", { value: new EventTarget() });

beforeEach(async () => {
  await i18n.changeLanguage("en");
});

afterEach(() => {
  notifications.clean();
  cleanup();
  window.localStorage.clear();
});
