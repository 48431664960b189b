import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { FaultNotice } from "../ui/FaultNotice";

interface Props {
  opened: boolean;
  title: string;
  /** What pressing the button will do. */
  detail: string;
  button: string;
  pending: boolean;
  error: unknown;
  onClose: () => void;
  onConfirm: () => void;
}

/** Confirms something that cannot be undone and needs no reason, naming what it will do. */
export function ConfirmDialog({ opened, title, detail, button, pending, error, onClose, onConfirm }: Props) {
  const { t } = useTranslation(["office", "common"]);
  return (
    <Modal opened={opened} onClose={onClose} title={title} closeButtonProps={{ "aria-label": t("common:action.close") }}>
      <Stack gap="md">
        <Text>{detail}</Text>
        <FaultNotice title={t("act.failed")} error={error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("act.keep")}
          </Button>
          <Button loading={pending} onClick={onConfirm} data-autofocus>
            {button}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
