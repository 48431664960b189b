import { Burger, Drawer } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { ActionIcon } from "@mantine/core";
import { Outlet } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Navigation } from "./Navigation";
import { Palette } from "./Palette";
import { openPalette } from "./palette";
import classes from "./Shell.module.css";

/** The frame of the console: places at the left, folding to icons, then to a drawer. */
export function Shell() {
  const { t } = useTranslation(["office", "common"]);
  const [open, { open: show, close }] = useDisclosure(false);
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#main">
        {t("common:action.skipToContent")}
      </a>
      <aside className={classes.side} aria-label={t("nav.label")}>
        <Navigation />
      </aside>
      <header className={classes.top}>
        <Burger opened={open} onClick={show} size="sm" aria-label={t("nav.open")} />
        kohomai
        <ActionIcon variant="subtle" size="lg" aria-label={t("nav.find")} onClick={openPalette}>
          <IconSearch size={20} aria-hidden />
        </ActionIcon>
      </header>
      <Drawer opened={open} onClose={close} size={280} title="kohomai" closeButtonProps={{ "aria-label": t("common:action.close") }}>
        <div className={classes.drawer}>
          <Navigation onGo={close} />
        </div>
      </Drawer>
      <main id="main" className={classes.main} tabIndex={-1}>
        <Outlet />
      </main>
      <Palette />
    </div>
  );
}
