import { useTranslation } from "react-i18next";
import { Fragment, useMemo } from "react";
import type { Field } from "../../gen/kohomai/front/v1/front_pb";
import { useLocale } from "../../ui/useLocale";
import { countries } from "./countries";
import { autoCompleteOf, type Answer, type Wrong } from "./fields";
import classes from "./form.module.css";
import type { SaveState } from "./useDraft";

interface Props {
  field: Field;
  answer: Answer;
  wrong: Wrong | undefined;
  /** What the server said against it. */
  refused: string | undefined;
  save: SaveState | undefined;
  onChange: (answer: Answer) => void;
  onLeave: () => void;
}

// Up to this many options stand open as a group; more fold into a list.
const openOptions = 7;

/** One question: label, help, the control of its type, what is wrong, whether it is kept. */
export function FieldInput(props: Props) {
  const { field, answer, wrong, refused, save } = props;
  const { t } = useTranslation("front");
  const id = fieldId(field);
  const grouped =
    answer.kind !== "text" || (field.type === "Choice" && field.options.length <= openOptions);
  const fault = refused ?? (wrong === undefined ? undefined : t(`form.${wrong}`));
  const described = [field.help === undefined ? "" : `${id}-help`, fault === undefined ? "" : `${id}-wrong`]
    .filter((part) => part !== "")
    .join(" ");
  const label = (
    <>
      {field.label} {!field.required && <span className={classes.mark}>({t("form.optional")})</span>}
    </>
  );
  const rest = (
    <>
      {field.help !== undefined && (
        <p className={classes.help} id={`${id}-help`}>
          {field.help}
        </p>
      )}
      <Control {...props} id={id} invalid={fault !== undefined} described={described} />
      <div className={classes.below}>
        {fault !== undefined && (
          <span className={classes.wrong} id={`${id}-wrong`}>
            {fault}
          </span>
        )}
        {save !== undefined && (
          <span className={classes.save} data-state={save}>
            {t(save === "saved" ? "saved" : save === "saving" ? "saving" : "saveFailed")}
          </span>
        )}
      </div>
    </>
  );
  if (grouped) {
    return (
      <fieldset className={classes.field} aria-describedby={described || undefined}>
        <legend className={classes.label}>{label}</legend>
        {rest}
      </fieldset>
    );
  }
  return (
    <div className={classes.field}>
      <label className={classes.label} htmlFor={id}>
        {label}
      </label>
      {rest}
    </div>
  );
}

export function fieldId(field: Field): string {
  return `field-${field.key.replace(/[^\w-]/g, "_")}`;
}

interface ControlProps extends Props {
  id: string;
  invalid: boolean;
  described: string;
}

function Control(props: ControlProps) {
  const { field, answer, onChange } = props;
  const { t } = useTranslation("front");
  switch (answer.kind) {
    case "flag":
      return (
        <Options
          {...props}
          type="radio"
          options={["yes", "no"].map((value) => ({ value, label: t(`form.${value as "yes" | "no"}`) }))}
          chosen={answer.value === undefined ? [] : [answer.value ? "yes" : "no"]}
          onChoose={(value) => onChange({ kind: "flag", value: value === "yes" })}
        />
      );
    case "many":
      return (
        <Options
          {...props}
          type="checkbox"
          options={field.options.map((value) => ({ value, label: value }))}
          chosen={answer.chosen}
          onChoose={(value) =>
            onChange({
              kind: "many",
              chosen: field.options.filter((o) => answer.chosen.includes(o) !== (o === value)),
            })
          }
        />
      );
    case "amount":
      return <AmountControl {...props} answer={answer} />;
    case "text":
      return <TextControl {...props} text={answer.text} />;
  }
}

function Options({ id, type, options, chosen, onChoose, onLeave, invalid }: ControlProps & {
  type: "radio" | "checkbox";
  options: { value: string; label: string }[];
  chosen: string[];
  onChoose: (value: string) => void;
}) {
  return (
    <div className={classes.options}>
      {options.map((option, at) => (
        <label key={option.value} className={classes.option}>
          <input
            type={type}
            name={id}
            id={at === 0 ? id : undefined}
            value={option.value}
            checked={chosen.includes(option.value)}
            aria-invalid={type === "checkbox" && invalid ? true : undefined}
            onChange={() => onChoose(option.value)}
            onBlur={onLeave}
          />
          {option.label}
        </label>
      ))}
    </div>
  );
}

function AmountControl({ id, answer, invalid, onChange, onLeave }: ControlProps & {
  answer: Extract<Answer, { kind: "amount" }>;
}) {
  const { t } = useTranslation("front");
  const part = (name: "amount" | "currency", more: React.InputHTMLAttributes<HTMLInputElement>) => (
    <span>
      <label className={classes.sub} htmlFor={name === "amount" ? id : `${id}-currency`}>
        {t(`form.${name}`)}
      </label>
      <input
        className={classes.input}
        id={name === "amount" ? id : `${id}-currency`}
        value={answer[name]}
        aria-invalid={invalid || undefined}
        onChange={(event) => onChange({ ...answer, [name]: event.target.value })}
        onBlur={onLeave}
        {...more}
      />
    </span>
  );
  return (
    <div className={classes.pair}>
      {part("amount", { inputMode: "decimal" })}
      {part("currency", { maxLength: 3, autoCapitalize: "characters", placeholder: "EUR" })}
    </div>
  );
}

const inputTypes: Record<string, string> = {
  Email: "email",
  Phone: "tel",
  Url: "url",
  Date: "date",
  DateTime: "datetime-local",
};

function TextControl(props: ControlProps & { text: string }) {
  const { id, field, text, invalid, described, onChange, onLeave } = props;
  const { t } = useTranslation("front");
  const locale = useLocale();
  const options = useMemo(
    () =>
      field.type === "Country" ? countries(locale) : field.options.map((value) => ({ value, label: value })),
    [field, locale],
  );
  const choose = (value: string) => onChange({ kind: "text", text: value });
  if (field.type === "Choice" && options.length <= openOptions) {
    return <Options {...props} type="radio" options={options} chosen={[text]} onChoose={choose} />;
  }
  const common = {
    id,
    className: classes.input,
    value: text,
    required: field.required,
    "aria-invalid": invalid || undefined,
    "aria-describedby": described || undefined,
    autoComplete: autoCompleteOf(field),
    onBlur: onLeave,
  };
  if (field.type === "Choice" || field.type === "Country") {
    return (
      <select {...common} onChange={(event) => choose(event.target.value)}>
        <option value="">{t("form.choose")}</option>
        {options.map((option) => (
          <Fragment key={option.value}>
            <option value={option.value}>{option.label}</option>
          </Fragment>
        ))}
      </select>
    );
  }
  if (field.type === "List") {
    return <textarea {...common} placeholder={t("form.list")} onChange={(event) => choose(event.target.value)} />;
  }
  return (
    <input
      {...common}
      type={inputTypes[field.type] ?? "text"}
      inputMode={field.type === "Number" ? "decimal" : undefined}
      onChange={(event) => choose(event.target.value)}
    />
  );
}
