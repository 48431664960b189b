import { useTranslation } from "react-i18next";
import { sourceWord } from "./facts";

/** Writes a fact's source in words where we have them, as it stands otherwise. */
export function useSource(): (source: string) => string {
  const { t, i18n } = useTranslation("office");
  return (source) => {
    const key = `source.${sourceWord(source)}`;
    return i18n.exists(key, { ns: "office" }) ? t(key as "source.email") : source;
  };
}
