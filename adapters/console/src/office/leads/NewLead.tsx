import { Button, Group, Modal, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { faultOf, type Fault } from "../../api/fault";
import { FunnelService, FunnelStatus, type Funnel } from "../../gen/kohomai/v1/funnel_pb";
import { LeadService } from "../../gen/kohomai/v1/lead_pb";
import { FaultNotice } from "../ui/FaultNotice";

/** The origins a lead can come in through, by funnel. Only published funnels take leads. */
export function originChoices(funnels: readonly Funnel[]): { group: string; items: { value: string; label: string }[] }[] {
  return funnels
    .filter((funnel) => funnel.status === FunnelStatus.PUBLISHED && funnel.origins.length > 0)
    .map((funnel) => ({
      group: funnel.name,
      items: funnel.origins.map((origin) => ({ value: origin.ref, label: `${origin.name} (${origin.ref})` })),
    }));
}

const fieldNames: Readonly<Record<string, string>> = {
  Email: "email",
  Firstname: "firstname",
  Lastname: "lastname",
  PhoneNumber: "phone",
  ref: "ref",
};

/** What the server said against fields of this form, by their names here. */
export function refusedFields(fault: Fault): Record<string, string> {
  return Object.fromEntries(
    fault.fields.flatMap(({ field, message }) => {
      const name = fieldNames[field];
      return name === undefined ? [] : [[name, message]];
    }),
  );
}

/** Registers a lead by hand and goes to its journey. */
export function NewLead({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation(["office", "common"]);
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("newLead.title")}
      closeButtonProps={{ "aria-label": t("common:action.close") }}
      size="lg"
    >
      <NewLeadForm onClose={onClose} />
    </Modal>
  );
}

function NewLeadForm({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["office", "common"]);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const funnels = useQuery(FunnelService.method.listFunnels, { pageSize: 200 });
  const choices = originChoices(funnels.data?.funnels ?? []);
  const register = useMutation(LeadService.method.registerLead, {
    onSuccess: async (lead) => {
      notifications.show({ message: t("newLead.done", { email: lead.email ?? "" }), color: "petrol" });
      onClose();
      void queries.invalidateQueries();
      if (lead.journey !== undefined) await navigate({ to: "/journeys/$id", params: { id: lead.journey.id } });
    },
    // What the server refuses stands at its field.
    onError: (error) => {
      const refused = refusedFields(faultOf(error));
      form.setErrors(refused);
      const first = Object.keys(refused)[0];
      if (first !== undefined) form.getInputNode(first)?.focus();
    },
  });
  const form = useForm({
    initialValues: { email: "", firstname: "", lastname: "", phone: "", ref: "" },
    validate: {
      email: (value) => (/^[^\s@]+@[^\s@]+$/.test(value.trim()) ? null : t("newLead.emailMissing")),
      ref: (value) => (value === "" ? t("newLead.originMissing") : null),
    },
    validateInputOnBlur: false,
  });
  // Said at its field already, it is not said twice.
  const stands = register.isError && Object.keys(refusedFields(faultOf(register.error))).length > 0;
  // Where there is only one way in, nobody has to choose it.
  const only = choices.length === 1 && choices[0]?.items.length === 1 ? choices[0].items[0]?.value : undefined;
  const given = (text: string) => (text.trim() === "" ? undefined : text.trim());
  const submit = form.onSubmit(
    (values) =>
      register.mutate({
        ref: values.ref === "" ? (only ?? "") : values.ref,
        email: values.email.trim(),
        firstname: given(values.firstname),
        lastname: given(values.lastname),
        phoneNumber: given(values.phone),
      }),
    (errors) => {
      const first = Object.keys(errors)[0];
      if (first !== undefined) form.getInputNode(first)?.focus();
    },
  );
  return (
    <form
      noValidate
      onSubmit={(event) => {
        if (form.values.ref === "" && only !== undefined) form.setFieldValue("ref", only);
        submit(event);
      }}
    >
      <Stack gap="md">
        <FaultNotice title={t("newLead.failed")} error={stands ? funnels.error : (register.error ?? funnels.error)} />
        <TextInput
          label={t("newLead.email")}
          type="email"
          required
          data-autofocus
          autoComplete="off"
          {...form.getInputProps("email")}
        />
        <Group grow align="start">
          <TextInput label={t("newLead.firstname")} autoComplete="off" {...form.getInputProps("firstname")} />
          <TextInput label={t("newLead.lastname")} autoComplete="off" {...form.getInputProps("lastname")} />
        </Group>
        <TextInput label={t("newLead.phone")} type="tel" autoComplete="off" {...form.getInputProps("phone")} />
        <Select
          label={t("newLead.origin")}
          description={choices.length === 0 && funnels.isSuccess ? t("newLead.noOrigins") : t("newLead.originDetail")}
          required
          data={choices}
          allowDeselect={false}
          searchable
          error={form.errors.ref}
          value={form.values.ref === "" ? (only ?? null) : form.values.ref}
          onChange={(value) => {
            form.setFieldValue("ref", value ?? "");
            form.clearFieldError("ref");
          }}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("common:action.cancel")}
          </Button>
          <Button type="submit" loading={register.isPending}>
            {t("newLead.register")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
