import { createConnectQueryKey, useMutation, useQuery, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { FrontService } from "../gen/kohomai/front/v1/front_pb";
import { switchLanguage, type Language } from "../i18n";
import { ActivityPage } from "./ActivityPage";
import { homeAddress, placeOf, usePathname } from "./address";
import classes from "./App.module.css";
import { BottomAction } from "./BottomAction";
import { HomePage } from "./HomePage";
import { PlaceButton } from "./Link";
import { Centered, CutDrawing, EnvelopeDrawing } from "./PageStates";

/** The front-office: what a lead sees, after the link brought them in. */
export function App() {
  const { t, i18n } = useTranslation(["front", "common"]);
  const pathname = usePathname();
  const place = placeOf(pathname);
  const [signedOut, setSignedOut] = useState(false);
  const main = useRef<HTMLElement>(null);
  const home = useQuery(FrontService.method.getHome, {}, { enabled: !signedOut });
  const queries = useQueryClient();
  const transport = useTransport();
  const signOut = useMutation(FrontService.method.signOut, {
    onSuccess: () => {
      setSignedOut(true);
      queries.removeQueries({
        queryKey: createConnectQueryKey({ schema: FrontService.method.getHome, transport, cardinality: "finite" }),
      });
    },
  });
  const other: Language = i18n.language === "fr" ? "en" : "fr";

  // A new place is read from its beginning; the first one is the browser's to announce.
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) main.current?.focus();
    first.current = false;
  }, [pathname]);

  return (
    <div className={classes.page}>
      <a className={classes.skip} href="#main">
        {t("common:action.skipToContent")}
      </a>
      <header className={classes.header}>
        <div className={classes.headerInner}>
          <span className={classes.brand}>{home.data?.workspace?.name ?? "kohomai"}</span>
          <span className={classes.tools}>
            <button type="button" className={classes.tool} lang={other} onClick={() => void switchLanguage("front", other)}>
              {t(`common:language.${other}`)}
            </button>
            {home.data !== undefined && !signedOut && (
              <button type="button" className={classes.tool} onClick={() => signOut.mutate({})}>
                {t("signOut")}
              </button>
            )}
          </span>
        </div>
      </header>
      <main id="main" className={classes.main} ref={main} tabIndex={-1}>
        {signedOut ? (
          <Centered drawing={<EnvelopeDrawing />} title={t("signedOut")}>
            <p>{t("signedOutDetail")}</p>
          </Centered>
        ) : place.at === "activity" ? (
          <ActivityPage runId={place.runId} />
        ) : place.at === "home" ? (
          <HomePage />
        ) : (
          <>
            <Centered drawing={<CutDrawing />} title={t("common:state.notFound")}>
              <p>{t("common:state.notFoundDetail")}</p>
            </Centered>
            <BottomAction>
              <PlaceButton to={homeAddress}>{t("back")}</PlaceButton>
            </BottomAction>
          </>
        )}
      </main>
    </div>
  );
}
