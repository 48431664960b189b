import { Button, Popover, SegmentedControl, Stack, Tooltip } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import {
  IconCode,
  IconFilter,
  IconHome,
  IconLogout,
  IconMail,
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
import { readsMail, useMe } from "../session";
import { openPalette } from "./palette";
import classes from "./Shell.module.css";
import { useSignOut } from "./useSignOut";

const places = [
  { to: "/", word: "home", icon: IconHome, exact: true },
  { to: "/leads", word: "leads", icon: IconUser, exact: false },
  { to: "/journeys", word: "journeys", icon: IconRoute, exact: false },
  { to: "/funnels", word: "funnels", icon: IconFilter, exact: false },
] as const;

const mail = { to: "/mail", word: "mail", icon: IconMail, exact: false } as const;

const settings = [
  { to: "/settings/users", word: "users", icon: IconUsersGroup, exact: false },
  { to: "/settings/api", word: "api", icon: IconCode, exact: false },
] as const;

type Place = (typeof places)[number] | typeof mail | (typeof settings)[number];

/** The places of the console; the same in the sidebar and in the drawer. */
export function Navigation({ onGo }: { onGo?: () => void }) {
  const { t } = useTranslation("office");
  const me = useMe();
  const folded = useFolded();
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
      <Tooltip label={`${t("nav.find")} (Ctrl K)`} disabled={!folded} position="right" events={{ hover: true, focus: true, touch: false }}>
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
        <Places places={readsMail(me) ? [...places, mail] : places} onGo={onGo} />
        <p className={classes.group}>{t("nav.settings")}</p>
        <Places places={settings} onGo={onGo} />
      </nav>
      <div className={classes.foot}>
        <AccountMenu />
      </div>
    </>
  );
}

/** Whether the navigation shows icons alone, which then need their words on hover and focus. */
function useFolded(): boolean {
  return useMediaQuery("(min-width: 760.02px) and (max-width: 1100px)");
}

function Places({ places: list, onGo }: { places: readonly Place[]; onGo: (() => void) | undefined }) {
  const { t } = useTranslation("office");
  const folded = useFolded();
  return (
    <ul className={classes.links}>
      {list.map(({ to, word, icon, exact }) => (
        <li key={to}>
          <Tooltip label={t(`nav.${word}`)} disabled={!folded} position="right" events={{ hover: true, focus: true, touch: false }}>
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

/** Who is signed in, how the pages look and speak, and the way out. */
function AccountMenu() {
  const { t, i18n } = useTranslation(["office", "common"]);
  const me = useMe();
  const signOut = useSignOut();
  const name = fullName(me?.user) || (me?.user?.email ?? "");
  const label = `${t("nav.account")}: ${name}`;
  return (
    <Popover position="top-start" width={280} withinPortal trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className={`${classes.link} ${classes.account}`} aria-label={label}>
          <IconUserCircle size={20} stroke={1.75} aria-hidden />
          <span>{name}</span>
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-label={label}>
        <Stack gap="sm">
          <p className={classes.who}>{me?.user?.email}</p>
          <Appearance />
          <SegmentedControl
            size="sm"
            aria-label={t("common:language.label")}
            value={i18n.language}
            onChange={(value) => {
              const language = languages.find((one) => one === value);
              if (language !== undefined) void switchLanguage("office", language);
            }}
            data={languages.map((language) => ({
              value: language,
              label: <span lang={language}>{t(`common:language.${language}`)}</span>,
            }))}
          />
          <Button variant="default" leftSection={<IconLogout size={16} aria-hidden />} onClick={signOut}>
            {t("nav.signOut")}
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
