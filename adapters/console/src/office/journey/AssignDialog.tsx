import { Button, Group, Modal, Select, Stack } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Role, UserService, type User } from "../../gen/kohomai/v1/catalog_pb";
import { fullName } from "../../ui/format";
import { FaultNotice } from "../ui/FaultNotice";

interface Props {
  opened: boolean;
  name: string;
  pending: boolean;
  error: unknown;
  onClose: () => void;
  onConfirm: (userId: string) => void;
}

/** Gives an activity to a colleague. */
export function AssignDialog(props: Props) {
  const { t } = useTranslation(["office", "common"]);
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={t("act.assignTitle", { name: props.name })}
      closeButtonProps={{ "aria-label": t("common:action.close") }}
    >
      <AssignForm {...props} />
    </Modal>
  );
}

function choice(user: User): { value: string; label: string } {
  const name = fullName(user);
  return { value: user.id, label: name === "" ? user.email : `${name} (${user.email})` };
}

function AssignForm({ pending, error, onClose, onConfirm }: Props) {
  const { t } = useTranslation(["office", "common"]);
  // An activity can be given to who works in the back-office.
  const administrators = useQuery(UserService.method.listUsers, { role: Role.ADMINISTRATOR, pageSize: 200 });
  const managers = useQuery(UserService.method.listUsers, { role: Role.MANAGER, pageSize: 200 });
  const [user, setUser] = useState<string | null>(null);
  const [missing, setMissing] = useState(false);
  const colleagues = [...(administrators.data?.users ?? []), ...(managers.data?.users ?? [])];
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (user === null) setMissing(true);
        else onConfirm(user);
      }}
    >
      <Stack gap="md">
        <FaultNotice title={t("act.failed")} error={error ?? administrators.error ?? managers.error} />
        <Select
          label={t("act.assignee")}
          required
          searchable
          // Its list would lie over the buttons before anybody asked for it.
          openOnFocus={false}
          data-autofocus
          data={colleagues.map(choice)}
          value={user}
          error={missing ? t("act.assignMissing") : undefined}
          onChange={(value) => {
            setUser(value);
            setMissing(false);
          }}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("common:action.cancel")}
          </Button>
          <Button type="submit" loading={pending}>
            {t("common:action.confirm")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
