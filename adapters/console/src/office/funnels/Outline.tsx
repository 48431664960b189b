import { IconArrowsSplit, IconFlag, IconStack2 } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Definition, Node, Planned } from "./definition";
import classes from "./FunnelPage.module.css";

/** A funnel as an outline: every node, what it does, where it leads. */
export function Outline({ definition }: { definition: Definition }) {
  const names = new Map(definition.nodes.map((node) => [node.key, node.name]));
  return (
    <ol className={classes.outline}>
      {definition.nodes.map((node) => (
        <li key={node.key} id={`node-${node.key}`} className={classes.node}>
          <NodeLines node={node} names={names} start={node.key === definition.start} />
        </li>
      ))}
    </ol>
  );
}

function To({ node, names }: { node: string; names: Map<string, string> }) {
  const { t } = useTranslation("office");
  return <a href={`#node-${node}`}>{t("funnel.to", { node: names.get(node) ?? node })}</a>;
}

function NodeLines({ node, names, start }: { node: Node; names: Map<string, string>; start: boolean }) {
  const { t } = useTranslation("office");
  const [icon, kind] =
    node.kind === "Decision"
      ? [<IconArrowsSplit key="i" size={18} aria-hidden />, t("journey.decision")]
      : node.kind === "Stage"
        ? [<IconStack2 key="i" size={18} aria-hidden />, t("journey.stage")]
        : [<IconFlag key="i" size={18} aria-hidden />, t("journey.end")];
  return (
    <>
      <div className={classes.head}>
        {icon}
        <h3 className={classes.name}>{node.name}</h3>
        <span className={classes.kind}>
          {kind}
          {start && ` · ${t("funnel.start")}`}
          {node.kind === "Stage" && node.maxVisits !== undefined && ` · ${t("funnel.maxVisits", { count: node.maxVisits })}`}
        </span>
      </div>
      <ul className={classes.lines}>
        {node.kind === "Decision" && (
          <>
            {node.branches.map((branch) => (
              <li key={branch.name} className={classes.line}>
                <strong>{t("funnel.branch", { name: branch.name })}</strong>
                <code>{branch.when}</code>
                <To node={branch.next} names={names} />
              </li>
            ))}
            {node.unknown !== undefined && (
              <li className={classes.line}>
                <strong>{t("funnel.unknown")}</strong>
                {node.unknown.after !== undefined && (
                  <span className={classes.quiet}>{t("funnel.unknownAfter", { after: node.unknown.after })}</span>
                )}
                <To node={node.unknown.next} names={names} />
              </li>
            )}
            {node.otherwise !== undefined && (
              <li className={classes.line}>
                <strong>{t("funnel.otherwise")}</strong>
                <To node={node.otherwise} names={names} />
              </li>
            )}
          </>
        )}
        {node.kind === "Stage" && (
          <>
            {node.activities.map((activity) => (
              <li key={activity.key} className={classes.line}>
                <PlannedLine activity={activity} names={names} />
              </li>
            ))}
            {node.next !== undefined && (
              <li className={classes.line}>
                <To node={node.next} names={names} />
              </li>
            )}
          </>
        )}
        {node.kind === "End" && (
          <li className={classes.line}>
            {node.result === "Converted" || node.result === "NotQualified" ? t(`funnel.result.${node.result}`) : node.result}
          </li>
        )}
      </ul>
    </>
  );
}

function PlannedLine({ activity, names }: { activity: Planned; names: Map<string, string> }) {
  const { t } = useTranslation("office");
  const { assignee, onFailure } = activity;
  const detail = [
    activity.connector,
    assignee === undefined ? undefined : t(`funnel.assigned.${assignee.kind}`, { name: assignee.name }),
    activity.required ? undefined : t("funnel.optional"),
    activity.dueIn === undefined ? undefined : t("funnel.dueIn", { span: activity.dueIn }),
    activity.timeout === undefined ? undefined : t("funnel.timeoutIn", { span: activity.timeout }),
    onFailure === undefined ? undefined : t("funnel.onFailure", { what: names.get(onFailure) ?? onFailure }),
  ].filter((part) => part !== undefined && part !== "");
  return (
    <>
      <span>{activity.name}</span>
      <span className={classes.quiet}>{detail.join(" · ")}</span>
      {activity.when !== undefined && (
        <span>
          {t("funnel.onlyIf")} <code>{activity.when}</code>
        </span>
      )}
    </>
  );
}
