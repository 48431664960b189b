import { Alert } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { faultOf, isOffline } from "../../api/fault";

/** Why an action did not happen; shown where it was tried. Nothing when it did. */
export function FaultNotice({ title, error }: { title: string; error: unknown }) {
  const { t } = useTranslation("common");
  if (error === null || error === undefined) return null;
  const fault = faultOf(error);
  const other = fault.fields.filter((field) => field.message !== "" && field.message !== fault.message);
  return (
    <Alert color="red" variant="light" icon={<IconAlertCircle aria-hidden />} title={title} role="alert">
      {isOffline(error) ? t("state.offline") : fault.message || t("state.errorDetail")}
      {other.length > 0 && (
        <ul>
          {other.map((field) => (
            <li key={`${field.field}${field.message}`}>
              {field.field === "" ? "" : `${field.field}: `}
              {field.message}
            </li>
          ))}
        </ul>
      )}
    </Alert>
  );
}
