import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Page } from "../ui/Page";
import { Empty } from "../ui/States";

/** Nothing at this address, outside the frame of the console. */
export function NothingHere() {
  return (
    <main>
      <NotFound />
    </main>
  );
}

/** Nothing at this address. */
export function NotFound() {
  const { t } = useTranslation(["common", "office"]);
  return (
    <Page title={t("common:state.notFound")}>
      <Empty
        motif="magnifier"
        title={t("common:state.notFound")}
        detail={t("common:state.notFoundDetail")}
        action={
          <Button component={Link} to="/">
            {t("office:nav.home")}
          </Button>
        }
      />
    </Page>
  );
}
