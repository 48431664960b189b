import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../api/fault";
import type { ApprovalScreen as Approval } from "../../gen/kohomai/front/v1/front_pb";
import { BottomAction } from "../BottomAction";
import { Button } from "../Button";
import { Notice } from "../Notice";
import classes from "./form.module.css";
import type { ScreenProps } from "./props";

/** A yes, or a no with its reason. */
export function ApprovalScreen({ runId, screen, submit, submitting }: ScreenProps<Approval>) {
  const { t } = useTranslation("front");
  const [refusing, setRefusing] = useState(false);
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const [fault, setFault] = useState<Fault>();
  const answer = (approved: boolean) => void submit({ Approved: approved, Reason: reason.trim() }).then(setFault);
  const refuse = () => {
    if (!refusing) setRefusing(true);
    else if (reason.trim() === "") setMissing(true);
    else answer(false);
  };
  return (
    <>
      {fault !== undefined && (
        <Notice tone="failed" title={t("form.failed")}>
          <p>{fault.message}</p>
        </Notice>
      )}
      {refusing && (
        <div className={classes.field}>
          <label className={classes.label} htmlFor={`reason-${runId}`}>
            {t("approval.reason")}
          </label>
          <textarea
            id={`reason-${runId}`}
            className={classes.input}
            value={reason}
            maxLength={2000}
            aria-invalid={missing || undefined}
            aria-describedby={missing ? `reason-${runId}-wrong` : undefined}
            onChange={(event) => {
              setReason(event.target.value);
              setMissing(false);
            }}
          />
          {missing && (
            <span role="alert" className={classes.wrong} id={`reason-${runId}-wrong`}>
              {t("approval.reasonMissing")}
            </span>
          )}
        </div>
      )}
      <BottomAction>
        <Button kind="outline" busy={submitting} onClick={refuse}>
          {screen.refuseLabel ?? t("approval.refuse")}
        </Button>
        <Button busy={submitting} onClick={() => answer(true)}>
          {screen.approveLabel ?? t("approval.approve")}
        </Button>
      </BottomAction>
    </>
  );
}
