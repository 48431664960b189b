import { ActionIcon, Button, Menu, Modal, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@connectrpc/connect-query";
import { IconDots, IconLink } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Journey } from "../../gen/kohomai/v1/journey_pb";
import { JourneyService } from "../../gen/kohomai/v1/journey_service_pb";
import { SessionService } from "../../gen/kohomai/v1/session_pb";
import { formatTime, toDate } from "../../ui/format";
import { isOpen } from "../../ui/status";
import { useLocale } from "../../ui/useLocale";
import { CopyBlock } from "../ui/CopyBlock";
import { FaultNotice } from "../ui/FaultNotice";
import { ReasonDialog } from "./ReasonDialog";
import { useShowJourney } from "./useActivityAct";

/** What can be done about the journey as a whole. */
export function JourneyActions({ journey }: { journey: Journey }) {
  const { t } = useTranslation("office");
  const [asking, setAsking] = useState<"cancel" | "link">();
  const show = useShowJourney(journey.id);
  const cancel = useMutation(JourneyService.method.cancelJourney, { onSuccess: show });
  const close = () => setAsking(undefined);
  if (!isOpen(journey.status)) return null;
  return (
    <>
      <Button variant="default" leftSection={<IconLink size={16} aria-hidden />} onClick={() => setAsking("link")}>
        {t("journey.link")}
      </Button>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label={t("journey.actions")}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setAsking("cancel")}>{t("journey.cancel")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <LinkDialog opened={asking === "link"} journey={journey} onClose={close} />
      <ReasonDialog
        opened={asking === "cancel"}
        title={t("journey.cancelTitle")}
        detail={t("journey.cancelDetail")}
        button={t("journey.cancel")}
        keep={t("journey.cancelKeep")}
        pending={cancel.isPending}
        error={cancel.error}
        onClose={close}
        onConfirm={(reason) =>
          cancel.mutate(
            { id: journey.id, ...(reason === "" ? {} : { reason }) },
            {
              onSuccess: () => {
                close();
                notifications.show({ message: t("journey.cancelled"), color: "petrol" });
              },
            },
          )
        }
      />
    </>
  );
}

function LinkDialog({ opened, journey, onClose }: { opened: boolean; journey: Journey; onClose: () => void }) {
  const { t } = useTranslation(["office", "common"]);
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("journey.linkTitle")}
      closeButtonProps={{ "aria-label": t("common:action.close") }}
      size="lg"
    >
      <LinkForm journey={journey} />
    </Modal>
  );
}

function LinkForm({ journey }: { journey: Journey }) {
  const { t } = useTranslation("office");
  const locale = useLocale();
  const make = useMutation(SessionService.method.createSession);
  const session = make.data?.session;
  const until = toDate(session?.validUntil);
  return (
    <Stack gap="md">
      <FaultNotice title={t("journey.linkFailed")} error={make.error} />
      {session?.connectionUrl === undefined ? (
        <>
          <Text>{t("journey.linkExplain")}</Text>
          <Button
            data-autofocus
            loading={make.isPending}
            onClick={() =>
              make.mutate({
                journey: { id: journey.id },
                // The lead goes back to where this journey came from, as before.
                redirectUrl: journey.redirectUrl,
              })
            }
          >
            {t("journey.linkMake")}
          </Button>
        </>
      ) : (
        <>
          <CopyBlock label={t("journey.linkTitle")} text={session.connectionUrl} />
          <Text size="sm" c="dimmed">
            {t("journey.linkDetail", {
              email: journey.lead?.email ?? "",
              until: until === undefined ? "" : formatTime(until, locale),
            })}
          </Text>
        </>
      )}
    </Stack>
  );
}
