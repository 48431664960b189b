import { useTranslation } from "react-i18next";
import type { FactDataPoint } from "../../gen/kohomai/v1/value_pb";

/** What a fact is called under its group's heading: in the reader's language where it is one of ours. */
export function useFactName(): (dataPoint: FactDataPoint | undefined) => string {
  const { t, i18n } = useTranslation("office");
  return (dataPoint) => {
    if (dataPoint === undefined) return "";
    // Keys such as company.size are ways into the table as they stand.
    const word = `fact.${dataPoint.key}`;
    if (i18n.exists(word, { ns: "office" })) return t(word as "fact.company.size");
    if (dataPoint.name !== "" && dataPoint.name !== dataPoint.key) return dataPoint.name;
    // What an activity found out is called after the activity and its fact.
    return dataPoint.key.replace(/^activity\./, "").replaceAll(/[._]/g, " ");
  };
}
