import { useTranslation } from "react-i18next";
import type { Fact } from "../../gen/kohomai/v1/value_pb";
import { formatShare } from "../../ui/format";
import { Moment } from "../../ui/Moment";
import { useLocale } from "../../ui/useLocale";
import { Quiet } from "../ui/States";
import { factLink, factText, grouped } from "./facts";
import classes from "./Facts.module.css";
import { useFactName } from "./useFactName";
import { useSource } from "./useSource";

/** What is known, each fact with where it comes from, how sure that is, and since when. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  const { t } = useTranslation("office");
  if (facts.length === 0) return <Quiet>{t("journey.factsEmpty")}</Quiet>;
  return grouped(facts).map(([group, list]) => (
    <div key={group} className={classes.group}>
      <h3 className={classes.heading}>{t(`facts.${group}`)}</h3>
      <dl className={classes.list}>
        {list.map((fact) => (
          <OneFact key={fact.dataPoint?.key} fact={fact} />
        ))}
      </dl>
    </div>
  ));
}

function OneFact({ fact }: { fact: Fact }) {
  const { t } = useTranslation(["office", "common"]);
  const locale = useLocale();
  const source = useSource();
  const name = useFactName();
  const text = factText(fact, locale, { yes: t("common:yes"), no: t("common:no") });
  const link = factLink(fact);
  const doubt = fact.confidence !== undefined && fact.confidence < 1 ? t("journey.confidence", { share: formatShare(fact.confidence, locale) }) : undefined;
  const origin = [
    fact.source === undefined ? undefined : source(fact.source),
    doubt,
    fact.inferred ? t("journey.inferred") : undefined,
  ].filter((part) => part !== undefined);
  return (
    <div className={classes.fact}>
      <dt className={classes.name} title={fact.dataPoint?.key}>
        {name(fact.dataPoint)}
      </dt>
      <dd className={classes.value}>
        {text === undefined ? (
          <span className={classes.unknown}>{t("journey.finallyUnknown")}</span>
        ) : link === undefined ? (
          text
        ) : (
          <a href={link} target="_blank" rel="noopener noreferrer">
            {text}
          </a>
        )}
      </dd>
      <dd className={classes.origin}>
        {origin.join(" · ")}
        {origin.length > 0 && fact.observedAt !== undefined && " · "}
        <Moment at={fact.observedAt} />
      </dd>
    </div>
  );
}
