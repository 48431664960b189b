import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { FunnelService } from "../../gen/kohomai/v1/funnel_pb";
import { FaultNotice } from "../ui/FaultNotice";

/** Publishes the draft as the next version, with a word about what changed. */
export function Publish({ id, opened, onClose }: { id: string; opened: boolean; onClose: () => void }) {
  const { t } = useTranslation(["office", "common"]);
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("funnel.publishTitle")}
      closeButtonProps={{ "aria-label": t("common:action.close") }}
    >
      <PublishForm id={id} onClose={onClose} />
    </Modal>
  );
}

function PublishForm({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation(["office", "common"]);
  const queries = useQueryClient();
  const [note, setNote] = useState("");
  const publish = useMutation(FunnelService.method.publishFunnel, {
    onSuccess: ({ version }) => {
      notifications.show({ message: t("funnel.published", { n: version?.number ?? "" }), color: "petrol" });
      void queries.invalidateQueries();
      onClose();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        publish.mutate({ id, note: note.trim() === "" ? undefined : note.trim() });
      }}
    >
      <Stack gap="md">
        <Text>{t("funnel.publishDetail")}</Text>
        <FaultNotice title={t("funnel.publishFailed")} error={publish.error} />
        <Textarea
          label={t("funnel.note")}
          data-autofocus
          autosize
          minRows={2}
          maxLength={2000}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("common:action.cancel")}
          </Button>
          <Button type="submit" loading={publish.isPending}>
            {t("funnel.publishButton")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
