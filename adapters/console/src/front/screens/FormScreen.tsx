import { toJson, type JsonObject } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Draft as KeptDraft, Field, FormScreen as Form } from "../../gen/kohomai/front/v1/front_pb";
import type { Fault } from "../../api/fault";
import { BottomAction } from "../BottomAction";
import { Button } from "../Button";
import { Notice } from "../Notice";
import { FieldInput, fieldId } from "./FieldInput";
import { answerFrom, valueOf, wrongWith, type Answer, type Wrong } from "./fields";
import type { ScreenProps } from "./props";
import { useDraft } from "./useDraft";

/** The answers to begin with: what was entered before, else what is known. */
function beginWith(fields: readonly Field[], drafts: readonly KeptDraft[]): Record<string, Answer> {
  return Object.fromEntries(
    fields.map((field) => {
      const kept = drafts.find((draft) => draft.field === field.key)?.value ?? field.value;
      return [field.key, answerFrom(field, kept === undefined ? undefined : toJson(ValueSchema, kept))];
    }),
  );
}

/** What the server said against a field, found by its key anywhere in the path. */
function refusal(fault: Fault | undefined, field: Field): string | undefined {
  return fault?.fields.find((f) => f.field === field.key || f.field.endsWith(`.${field.key}`) || f.field.includes(`"${field.key}"`))
    ?.message;
}

/** Questions drawn from data points; each answer is kept as it is given. */
export function FormScreen({ runId, screen, drafts, submit, submitting }: ScreenProps<Form> & { drafts: readonly KeptDraft[] }) {
  const { t } = useTranslation("front");
  const draft = useDraft(runId);
  const [answers, setAnswers] = useState(() => beginWith(screen.fields, drafts));
  const [judged, setJudged] = useState(false);
  const [fault, setFault] = useState<Fault>();
  const summary = useRef<HTMLDivElement>(null);
  const answerOf = (field: Field): Answer => answers[field.key] ?? answerFrom(field, undefined);
  const wrongs: [Field, Wrong][] = screen.fields.flatMap((field) => {
    const wrong = wrongWith(field, answerOf(field));
    return wrong === undefined ? [] : [[field, wrong] as [Field, Wrong]];
  });
  const refused = screen.fields.filter((field) => refusal(fault, field) !== undefined);
  const toMend = judged ? [...new Set([...wrongs.map(([field]) => field), ...refused])] : refused;

  const send = async () => {
    setJudged(true);
    setFault(undefined);
    if (wrongs.length > 0) {
      requestAnimationFrame(() => summary.current?.focus());
      return;
    }
    const input: JsonObject = {};
    for (const field of screen.fields) {
      const value = valueOf(field, answerOf(field));
      if (value !== undefined) input[field.key] = value;
    }
    const found = await submit(input);
    setFault(found);
    if (found !== undefined) requestAnimationFrame(() => summary.current?.focus());
  };

  const saveStates = Object.values(draft.states);
  const announced = saveStates.includes("failed") ? t("saveFailed") : saveStates.includes("saving") || saveStates.length === 0 ? "" : t("saved");

  return (
    <form
      id={`form-${runId}`}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!submitting) void send();
      }}
    >
      {(toMend.length > 0 || fault !== undefined) && (
        <Notice
          ref={summary}
          tone="failed"
          title={toMend.length > 0 ? t("form.errors", { count: toMend.length }) : t("form.failed")}
        >
          {toMend.length > 0 ? (
            <ul>
              {toMend.map((field) => (
                <li key={field.key}>
                  <a href={`#${fieldId(field)}`}>{field.label}</a>
                </li>
              ))}
            </ul>
          ) : (
            <p>{fault?.message}</p>
          )}
        </Notice>
      )}
      {screen.fields.map((field) => (
        <FieldInput
          key={field.key}
          field={field}
          answer={answerOf(field)}
          wrong={judged ? wrongWith(field, answerOf(field)) : undefined}
          refused={refusal(fault, field)}
          save={draft.states[field.key]}
          onChange={(answer) => {
            setAnswers((all) => ({ ...all, [field.key]: answer }));
            draft.later(field.key, valueOf(field, answer));
          }}
          onLeave={() => draft.now(field.key)}
        />
      ))}
      <p className="k-visually-hidden" role="status">
        {announced}
      </p>
      <BottomAction>
        <Button type="submit" form={`form-${runId}`} busy={submitting}>
          {screen.submitLabel ?? t("form.send")}
        </Button>
      </BottomAction>
    </form>
  );
}
