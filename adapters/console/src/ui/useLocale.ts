import { useTranslation } from "react-i18next";
import { readerLocale } from "../i18n";

/** The reader's locale for numbers and dates, in the language in use. */
export function useLocale(): string {
  const { i18n } = useTranslation();
  return readerLocale(i18n.language, navigator.languages);
}
