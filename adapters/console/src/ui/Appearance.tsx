import { SegmentedControl, useMantineColorScheme } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** Light, dark, or as the system has it. */
export function Appearance() {
  const { t } = useTranslation("common");
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <SegmentedControl
      size="sm"
      aria-label={t("appearance.label")}
      value={colorScheme}
      onChange={(value) => setColorScheme(value)}
      data={[
        { value: "light", label: t("appearance.light") },
        { value: "dark", label: t("appearance.dark") },
        { value: "auto", label: t("appearance.auto") },
      ]}
    />
  );
}
