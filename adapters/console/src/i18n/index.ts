// Words in two languages. A program loads the chosen language only; everything
// a person reads comes from these tables.
import i18next, { type i18n as I18n } from "i18next";
import { initReactI18next } from "react-i18next";

export const languages = ["en", "fr"] as const;
export type Language = (typeof languages)[number];

/** The two programs; each has a table of its own beside the common one. */
export type Program = "office" | "front";

const storageKey = "kohomai.language";

export const i18n: I18n = i18next.createInstance();

const tables: Record<Program, Record<Language, () => Promise<Record<string, object>>>> = {
  office: {
    en: async () => (await import("./en/office-tables")).tables,
    fr: async () => (await import("./fr/office-tables")).tables,
  },
  front: {
    en: async () => (await import("./en/front-tables")).tables,
    fr: async () => (await import("./fr/front-tables")).tables,
  },
};

function isLanguage(value: string | null | undefined): value is Language {
  return languages.some((language) => language === value);
}

/** The language to begin with: the one chosen before, else the browser's first that we speak, else English. */
export function preferredLanguage(stored: string | null, browser: readonly string[]): Language {
  if (isLanguage(stored)) return stored;
  for (const tag of browser) {
    const base = tag.split("-")[0]?.toLowerCase();
    if (isLanguage(base)) return base;
  }
  return "en";
}

/** The reader's locale for numbers and dates: the browser's own form of the language in use. */
export function readerLocale(language: string, browser: readonly string[]): string {
  return browser.find((tag) => tag.split("-")[0]?.toLowerCase() === language) ?? language;
}

function stored(): string | null {
  try {
    return window.localStorage.getItem(storageKey);
  } catch {
    return null; // storage is refused in some private windows
  }
}

/** Starts the words of a program. Resolves when the first language is there. */
export async function startLanguage(program: Program, language?: Language): Promise<void> {
  const first = language ?? preferredLanguage(stored(), navigator.languages);
  await i18n.use(initReactI18next).init({
    lng: first,
    fallbackLng: false,
    defaultNS: program,
    ns: ["common", program],
    resources: { [first]: await tables[program][first]() },
    interpolation: { escapeValue: false }, // React escapes
    returnNull: false,
  });
  document.documentElement.lang = first;
  // A choice made in one window holds in all of them.
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key === storageKey && isLanguage(newValue)) void switchLanguage(program, newValue);
  });
}

/** Switches the language and remembers the choice in this browser. */
export async function switchLanguage(program: Program, language: Language): Promise<void> {
  if (!i18n.hasResourceBundle(language, "common")) {
    for (const [name, table] of Object.entries(await tables[program][language]())) {
      i18n.addResourceBundle(language, name, table);
    }
  }
  await i18n.changeLanguage(language);
  document.documentElement.lang = language;
  try {
    window.localStorage.setItem(storageKey, language);
  } catch {
    // Not remembered, then; the page still switches.
  }
}
