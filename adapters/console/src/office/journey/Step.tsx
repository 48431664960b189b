import { Fragment } from "react";
import { IconArrowsSplit, IconCheck, IconClockExclamation, IconHelp, IconStack2, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import {
  ActivityStatus,
  AssigneeKind,
  Truth,
  WaitingOn,
  type Activity,
  type ConditionResult,
  type Decision,
  type Journey,
  type ReadFact,
  type Stage,
} from "../../gen/kohomai/v1/journey_pb";
import type { DataPointType } from "../../gen/kohomai/v1/value_pb";
import { formatSpan, fullName, toDate } from "../../ui/format";
import { Moment } from "../../ui/Moment";
import { StatusChip } from "../../ui/StatusChip";
import { isOpen } from "../../ui/status";
import { useLocale } from "../../ui/useLocale";
import { useNow } from "../../ui/useNow";
import { ActivityChip, StageChip, WaitingChip } from "../ui/Chips";
import { ActivityActions } from "./ActivityActions";
import { jsonText, readText } from "./facts";
import type { Step as PathStep } from "./path";
import classes from "./Step.module.css";
import { useSource } from "./useSource";

/** One step of the path: a stage with its activities, or a decision with its reasons. */
export function Step({ step, journey }: { step: PathStep; journey: Journey }) {
  return (
    <li className={classes.step}>
      {step.kind === "stage" ? (
        <>
          <IconStack2 size={18} className={classes.icon} aria-hidden />
          <div>
            <StageStep stage={step.stage} journey={journey} />
          </div>
        </>
      ) : (
        <>
          <IconArrowsSplit size={18} className={classes.icon} aria-hidden />
          <div>
            <DecisionStep decision={step.decision} types={typesOf(journey)} />
          </div>
        </>
      )}
    </li>
  );
}

/** What kind of value each known fact holds, by key. */
function typesOf(journey: Journey): Types {
  return new Map(journey.journeyData.map((fact) => [fact.dataPoint?.key ?? "", fact.dataPoint?.type]));
}

type Types = ReadonlyMap<string, DataPointType | undefined>;

function Visit({ n }: { n: number }) {
  const { t } = useTranslation("office");
  return n > 1 ? <span className={classes.kind}>{t("journey.visit", { n })}</span> : null;
}

function StageStep({ stage, journey }: { stage: Stage; journey: Journey }) {
  const { t } = useTranslation("office");
  return (
    <>
      <div className={classes.head}>
        <h3 className={classes.name}>{stage.name}</h3>
        <span className="k-visually-hidden">{t("journey.stage")}</span>
        <Visit n={stage.visit} />
        <StageChip status={stage.status} />
        <Moment at={stage.completedAt ?? stage.startedAt} className={classes.when} />
      </div>
      {stage.activities.length === 0 ? (
        <p className={classes.detail}>{t("journey.noActivities")}</p>
      ) : (
        <ul className={classes.activities}>
          {stage.activities.map((activity) => (
            <li key={activity.id} className={classes.activity}>
              <ActivityLine activity={activity} />
              {isOpen(journey.status) && <ActivityActions activity={activity} journeyId={journey.id} />}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function ActivityLine({ activity }: { activity: Activity }) {
  const { t } = useTranslation(["office", "common"]);
  const locale = useLocale();
  const now = useNow();
  const open = activity.status === ActivityStatus.IN_PROGRESS || activity.status === ActivityStatus.BLOCKED;
  const waits = activity.status === ActivityStatus.IN_PROGRESS && activity.waitingOn !== WaitingOn.UNSPECIFIED;
  const due = toDate(activity.dueAt);
  const overdue = open && due !== undefined && due < now;
  const started = toDate(activity.startedAt);
  const seconds = open && started !== undefined ? (now.getTime() - started.getTime()) / 1000 : activity.secondsOpen;
  const detail = [
    useAssignee(activity),
    activity.connector,
    started === undefined ? undefined : t(open ? "journey.open" : "journey.tookTime", { span: formatSpan(seconds, locale) }),
    activity.attempts > 1 ? t("journey.attempts", { count: activity.attempts }) : undefined,
  ].filter((part) => part !== undefined);
  return (
    <>
      <div className={classes.text}>
        <p className={classes.activityName}>{activity.name}</p>
        <p className={classes.detail}>
          {detail.join(" · ")}
          {open && activity.dueAt !== undefined && (
            <>
              {" · "}
              {t("journey.due")} <Moment at={activity.dueAt} />
            </>
          )}
        </p>
        {activity.reason !== undefined && activity.reason !== "" && <p className={classes.reason}>{activity.reason}</p>}
      </div>
      <div className={classes.chips}>
        {overdue && <StatusChip tone="failed" icon={IconClockExclamation} word={t("common:overdue")} />}
        {/* Who is waited on says that it is in progress. */}
        {!waits && <ActivityChip status={activity.status} />}
        {open && <WaitingChip waitingOn={activity.waitingOn} />}
      </div>
    </>
  );
}

/** Who does an activity, in words. */
function useAssignee(activity: Activity): string {
  const { t } = useTranslation("office");
  const { assignee } = activity;
  const name = fullName(assignee?.user);
  switch (assignee?.kind) {
    case AssigneeKind.LEAD:
      return t("journey.assignee.Lead");
    case AssigneeKind.STAKEHOLDER:
      return t("journey.assignee.Stakeholder", { role: assignee.role ?? "" });
    case AssigneeKind.POLICY: {
      const by = t("journey.assignee.policy", { policy: assignee.policy ?? "" });
      return name === "" ? `${t("journey.assignee.nobody")} (${by})` : `${name} (${by})`;
    }
    case AssigneeKind.USER:
      return name === "" ? t("journey.assignee.nobody") : name;
    case AssigneeKind.AUTOMATIC:
    case AssigneeKind.UNSPECIFIED:
    case undefined:
      return t("journey.assignee.Automatic");
  }
}

function DecisionStep({ decision, types }: { decision: Decision; types: Types }) {
  const { t } = useTranslation("office");
  return (
    <>
      <div className={classes.head}>
        <h3 className={classes.name}>{decision.name}</h3>
        <span className="k-visually-hidden">{t("journey.decision")}</span>
        <Visit n={decision.visit} />
        <span className={classes.took}>
          {decision.branch === undefined ? t("journey.undecided") : t("journey.took", { branch: decision.branch })}
        </span>
        <Moment at={decision.decidedAt} className={classes.when} />
      </div>
      {decision.explanation.length > 0 && (
        <ul className={classes.conditions} aria-label={t("journey.why")}>
          {decision.explanation.map((condition, at) => (
            <li
              key={`${condition.branch} ${at}`}
              className={classes.condition}
              data-taken={condition.branch === decision.branch}
            >
              <Condition condition={condition} types={types} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Condition({ condition, types }: { condition: ConditionResult; types: Types }) {
  const { t } = useTranslation("office");
  return (
    <>
      <div className={classes.row}>
        <strong>{condition.branch}</strong>
        {condition.condition !== "" && <code>{condition.condition}</code>}
        <TruthChip truth={condition.result} />
      </div>
      <ul className={classes.facts}>
        {condition.facts.length === 0 && <li className={classes.quiet}>{t("journey.noFacts")}</li>}
        {condition.facts.map((fact, at) => (
          <Fragment key={`${fact.key} ${at}`}>
            <ReadFactLine fact={fact} type={types.get(fact.key)} />
          </Fragment>
        ))}
      </ul>
    </>
  );
}

function ReadFactLine({ fact, type }: { fact: ReadFact; type: DataPointType | undefined }) {
  const { t } = useTranslation(["office", "common"]);
  const locale = useLocale();
  const source = useSource();
  const value = fact.value === undefined ? undefined : toJson(ValueSchema, fact.value);
  const words = { yes: t("common:yes"), no: t("common:no") };
  const text = typeof value === "string" ? readText(value, type, locale, words) : jsonText(value, locale, words);
  return (
    <li>
      <code>{fact.key}</code> = <strong>{text ?? t("common:unknown")}</strong>
      {text !== undefined && fact.source !== undefined && fact.source !== "" && (
        <span className={classes.quiet}> {t("journey.from", { source: source(fact.source) })}</span>
      )}
    </li>
  );
}

function TruthChip({ truth }: { truth: Truth }) {
  const { t } = useTranslation("office");
  switch (truth) {
    case Truth.TRUE:
      return <StatusChip tone="done" icon={IconCheck} word={t("journey.result.True")} />;
    case Truth.FALSE:
      return <StatusChip tone="neutral" icon={IconX} word={t("journey.result.False")} />;
    case Truth.UNKNOWN:
      return <StatusChip tone="blocked" icon={IconHelp} word={t("journey.result.Unknown")} />;
    case Truth.UNSPECIFIED:
      return <span className={classes.quiet}>{t("journey.notReached")}</span>;
  }
}
