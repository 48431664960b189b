import { Menu, Tooltip } from "@mantine/core";
import {
  IconCode,
  IconFilter,
  IconHome,
  IconLogout,
  IconRoute,
  IconSearch,
  IconUser,
  IconUserCircle,
  IconUsersGroup,
  type Icon,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { languages, switchLanguage } from "../../i18n";
import { Appearance } from "../../ui/Appearance";
import { fullName } from "../../ui/format";
import { useMe } from "../session";
import { openPalette } from "./palette";
import classes from "./Shell.module.css";
import { useSignOut } from "./useSignOut";

const places = [
  { to: "/", word: "home", icon: IconHome, exact: true },
  { to: "/leads", word: "leads", icon: IconUser, exact: false },
  { to: "/journeys", word: "journeys", icon: IconRoute, exact: false },
  { to: "/funnels", word: "funnels", icon: IconFilter, exact: false },
] as const;

const settings = [
  { to: "/settings/users", word: "users", icon: IconUsersGroup, exact: false },
  { to: "/settings/api", word: "api", icon: IconCode, exact: false },
] as const;

type Place = (typeof places)[number] | (typeof settings)[number];

/** The places of the console; the same in the sidebar and in the drawer. */
export function Navigation({ onGo }: { onGo?: () => void }) {
  const { t } = useTranslation("office");
  const me = useMe();
  return (
    <>
      <div className={classes.brand}>
        <img src="/p/icon.svg" alt="" width={28} height={28} />
        <span className={classes.brandText}>
          kohomai
          <span className={classes.workspace}>
            {me?.workspace?.name}
            {me?.workspace?.sandbox === true && ` · ${t("nav.sandbox")}`}
          </span>
        </span>
      </div>
      <Tooltip label={`${t("nav.find")} (Ctrl K)`} position="right" events={{ hover: true, focus: true, touch: false }}>
        <button
          type="button"
          className={classes.find}
          onClick={() => {
            onGo?.();
            openPalette();
          }}
        >
          <IconSearch size={18} aria-hidden />
          <span>{t("nav.find")}</span>
          <kbd aria-hidden>Ctrl K</kbd>
        </button>
      </Tooltip>
      <nav aria-label={t("nav.label")}>
        <Places places={places} onGo={onGo} />
        <p className={classes.group}>{t("nav.settings")}</p>
        <Places places={settings} onGo={onGo} />
      </nav>
      <div className={classes.foot}>
        <AccountMenu />
      </div>
    </>
  );
}

function Places({ places: list, onGo }: { places: readonly Place[]; onGo: (() => void) | undefined }) {
  const { t } = useTranslation("office");
  return (
    <ul className={classes.links}>
      {list.map(({ to, word, icon, exact }) => (
        <li key={to}>
          <Tooltip label={t(`nav.${word}`)} position="right" events={{ hover: true, focus: true, touch: false }}>
            <Link to={to} className={classes.link} activeOptions={{ exact, includeSearch: false }} onClick={onGo}>
              <PlaceIcon icon={icon} />
              <span>{t(`nav.${word}`)}</span>
            </Link>
          </Tooltip>
        </li>
      ))}
    </ul>
  );
}

function PlaceIcon({ icon: Glyph }: { icon: Icon }) {
  return <Glyph size={20} stroke={1.75} aria-hidden />;
}

function AccountMenu() {
  const { t, i18n } = useTranslation(["office", "common"]);
  const me = useMe();
  const signOut = useSignOut();
  const name = fullName(me?.user) || (me?.user?.email ?? "");
  return (
    <Menu position="top-start" width={260} withinPortal>
      <Menu.Target>
        <button type="button" className={`${classes.link} ${classes.account}`} aria-label={`${t("nav.account")}: ${name}`}>
          <IconUserCircle size={20} stroke={1.75} aria-hidden />
          <span>{name}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me?.user?.email}</Menu.Label>
        <div style={{ padding: "4px 12px 8px" }}>
          <Appearance />
        </div>
        <Menu.Divider />
        {languages.map((language) => (
          <Menu.Item
            key={language}
            lang={language}
            role="menuitemradio"
            aria-checked={i18n.language === language}
            rightSection={i18n.language === language ? "✓" : undefined}
            onClick={() => void switchLanguage("office", language)}
          >
            {t(`common:language.${language}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={signOut}>
          {t("nav.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
