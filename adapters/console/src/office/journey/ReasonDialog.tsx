import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { FaultNotice } from "../ui/FaultNotice";

interface Props {
  opened: boolean;
  title: string;
  /** What pressing the button will do. */
  detail: string;
  button: string;
  keep?: string;
  required?: boolean;
  pending: boolean;
  error: unknown;
  onClose: () => void;
  onConfirm: (reason: string) => void;
}

/** Confirms something that cannot be undone, naming what it will do, and asks why. */
export function ReasonDialog(props: Props) {
  const { t } = useTranslation("common");
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={props.title}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      <ReasonForm {...props} />
    </Modal>
  );
}

function ReasonForm({ detail, button, keep, required = false, pending, error, onClose, onConfirm }: Props) {
  const { t } = useTranslation("office");
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const given = reason.trim();
        if (required && given === "") setMissing(true);
        else onConfirm(given);
      }}
    >
      <Stack gap="md">
        <Text>{detail}</Text>
        <FaultNotice title={t("act.failed")} error={error} />
        <Textarea
          label={t("act.reason")}
          description={t("act.reasonHelp")}
          required={required}
          autosize
          minRows={2}
          maxLength={2000}
          data-autofocus
          value={reason}
          error={missing ? t("act.reasonMissing") : undefined}
          onChange={(event) => {
            setReason(event.currentTarget.value);
            setMissing(false);
          }}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {keep ?? t("act.keep")}
          </Button>
          <Button type="submit" loading={pending}>
            {button}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
