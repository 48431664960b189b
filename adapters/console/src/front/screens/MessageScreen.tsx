import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../api/fault";
import type { MessageScreen as Message } from "../../gen/kohomai/front/v1/front_pb";
import { BottomAction } from "../BottomAction";
import { Button } from "../Button";
import { PlaceButton } from "../Link";
import { Notice } from "../Notice";
import { homeAddress } from "../address";
import type { ScreenProps } from "./props";

/** Something to read, and a button where reading it is the step. */
export function MessageScreen({ screen, submit, submitting }: ScreenProps<Message>) {
  const { t } = useTranslation("front");
  const [fault, setFault] = useState<Fault>();
  return (
    <>
      {fault !== undefined && (
        <Notice tone="failed" title={t("form.failed")}>
          <p>{fault.message}</p>
        </Notice>
      )}
      <BottomAction>
        {screen.button === undefined ? (
          <PlaceButton kind="outline" to={homeAddress}>
            {t("back")}
          </PlaceButton>
        ) : (
          <Button busy={submitting} onClick={() => void submit({}).then(setFault)}>
            {screen.button}
          </Button>
        )}
      </BottomAction>
    </>
  );
}
