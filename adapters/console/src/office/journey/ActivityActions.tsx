import { ActionIcon, Button, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconCheck, IconDots, IconRefresh, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { faultOf } from "../../api/fault";
import type { Activity } from "../../gen/kohomai/v1/journey_pb";
import { AssignDialog } from "./AssignDialog";
import { ConfirmDialog } from "./ConfirmDialog";
import { ReasonDialog } from "./ReasonDialog";
import { actsOf } from "./path";
import classes from "./Step.module.css";
import { useActivityActs } from "./useActivityAct";

/** The buttons beside an activity: its main act, the others in a menu, each confirmed where it cannot be undone. */
export function ActivityActions({ activity, journeyId }: { activity: Activity; journeyId: string }) {
  const { t } = useTranslation("office");
  const acts = actsOf(activity);
  const [asking, setAsking] = useState<"approve" | "done" | "refuse" | "skip" | "assign">();
  const run = useActivityActs(journeyId);
  if (acts.length === 0) return null;
  const { name } = activity;
  // The run itself, not the key: a newer visit must not be meant by mistake.
  const target = { id: journeyId, key: activity.id };
  const tell = (message: string) => notifications.show({ message, color: "petrol" });
  const failed = (error: unknown) =>
    notifications.show({ title: t("act.failed"), message: faultOf(error).message, color: "red" });
  const close = () => setAsking(undefined);
  const inMenu = acts.filter((act) => act === "assign" || act === "skip");
  return (
    <div className={classes.acts}>
      {acts.includes("approve") && (
        <Button
          size="xs"
          leftSection={<IconCheck size={16} aria-hidden />}
          aria-label={`${t("act.approve")}: ${name}`}
          onClick={() => setAsking("approve")}
        >
          {t("act.approve")}
        </Button>
      )}
      {acts.includes("refuse") && (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconX size={16} aria-hidden />}
          aria-label={`${t("act.refuse")}: ${name}`}
          onClick={() => setAsking("refuse")}
        >
          {t("act.refuse")}
        </Button>
      )}
      {acts.includes("done") && (
        <Button
          size="xs"
          leftSection={<IconCheck size={16} aria-hidden />}
          aria-label={`${t("act.done")}: ${name}`}
          onClick={() => setAsking("done")}
        >
          {t("act.done")}
        </Button>
      )}
      {acts.includes("retry") && (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconRefresh size={16} aria-hidden />}
          loading={run.retry.isPending}
          aria-label={`${t("act.retry")}: ${name}`}
          onClick={() => run.retry.mutate(target, { onSuccess: () => tell(t("act.retried", { name })), onError: failed })}
        >
          {t("act.retry")}
        </Button>
      )}
      {inMenu.length > 0 && (
        <Menu position="bottom-end" withinPortal>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size={30} aria-label={t("act.more", { name })}>
              <IconDots size={18} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {inMenu.includes("assign") && <Menu.Item onClick={() => setAsking("assign")}>{t("act.assign")}</Menu.Item>}
            {inMenu.includes("skip") && <Menu.Item onClick={() => setAsking("skip")}>{t("act.skip")}</Menu.Item>}
          </Menu.Dropdown>
        </Menu>
      )}
      {(["approve", "done"] as const).map((act) => (
        <ConfirmDialog
          key={act}
          opened={asking === act}
          title={t(`act.${act}Title`, { name })}
          detail={t(`act.${act}Detail`)}
          button={t(`act.${act}`)}
          pending={run.complete.isPending}
          error={run.complete.error}
          onClose={close}
          onConfirm={() =>
            run.complete.mutate(target, {
              onSuccess: () => {
                close();
                tell(t(`act.${act}Notice`, { name }));
              },
            })
          }
        />
      ))}
      <ReasonDialog
        opened={asking === "refuse"}
        title={t("act.refuseTitle", { name })}
        detail={t("act.refuseDetail")}
        button={t("act.refuse")}
        required
        pending={run.fail.isPending}
        error={run.fail.error}
        onClose={close}
        onConfirm={(reason) =>
          run.fail.mutate(
            { ...target, reason },
            {
              onSuccess: () => {
                close();
                tell(t("act.refused", { name }));
              },
            },
          )
        }
      />
      <ReasonDialog
        opened={asking === "skip"}
        title={t("act.skipTitle", { name })}
        detail={t("act.skipDetail")}
        button={t("act.skip")}
        pending={run.skip.isPending}
        error={run.skip.error}
        onClose={close}
        onConfirm={(reason) =>
          run.skip.mutate(
            { ...target, ...(reason === "" ? {} : { reason }) },
            {
              onSuccess: () => {
                close();
                tell(t("act.skipped", { name }));
              },
            },
          )
        }
      />
      <AssignDialog
        opened={asking === "assign"}
        name={name}
        pending={run.assign.isPending}
        error={run.assign.error}
        onClose={close}
        onConfirm={(userId) =>
          run.assign.mutate(
            { ...target, user: { id: userId } },
            {
              onSuccess: () => {
                close();
                tell(t("act.assigned", { name }));
              },
            },
          )
        }
      />
    </div>
  );
}
