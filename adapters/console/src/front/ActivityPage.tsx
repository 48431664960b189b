import type { JsonObject } from "@bufbuild/protobuf";
import { createConnectQueryKey, useMutation, useQuery, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { faultOf, type Fault } from "../api/fault";
import { ActivityState, FrontService, type Activity, type Screen } from "../gen/kohomai/front/v1/front_pb";
import { Moment } from "../ui/Moment";
import { useNow } from "../ui/useNow";
import { toDate } from "../ui/format";
import { activityAddress, homeAddress } from "./address";
import classes from "./ActivityPage.module.css";
import { BottomAction } from "./BottomAction";
import { Glyph } from "./Glyph";
import { Link, PlaceButton } from "./Link";
import { LoadFailed, Waiting } from "./PageStates";
import { ApprovalScreen } from "./screens/ApprovalScreen";
import { ElsewhereScreen } from "./screens/ElsewhereScreen";
import { FormScreen } from "./screens/FormScreen";
import { MessageScreen } from "./screens/MessageScreen";
import { SlotsScreen } from "./screens/SlotsScreen";
import { VideoScreen } from "./screens/VideoScreen";
import { Notice } from "./Notice";
import type { GetActivityResponse } from "../gen/kohomai/front/v1/front_pb";

const service = FrontService.method;
// While nothing can be done here, look again this often.
const pollWaiting = 2_000;

/** One activity: its screen, or what became of it. */
export function ActivityPage({ runId }: { runId: string }) {
  const found = useQuery(
    service.getActivity,
    { runId },
    {
      // A screen that is being filled in is never replaced under the hands.
      refetchOnWindowFocus: false,
      refetchInterval: (query) => (query.state.data?.activity?.state === ActivityState.WAITING ? pollWaiting : false),
    },
  );
  if (found.isPending) return <Waiting />;
  if (found.isError && found.data === undefined) return <LoadFailed error={found.error} retry={() => void found.refetch()} />;
  return <Loaded key={runId} runId={runId} data={found.data} />;
}

function Loaded({ runId, data }: { runId: string; data: GetActivityResponse }) {
  const { t } = useTranslation("front");
  const queries = useQueryClient();
  const transport = useTransport();
  const submission = useMutation(service.submitActivity);
  const [answered, setAnswered] = useState<{ activity?: Activity | undefined; screen?: Screen | undefined; next?: string | undefined }>();
  const heading = useRef<HTMLHeadingElement>(null);
  const activity = answered?.activity ?? data.activity;
  const screen = answered === undefined ? data.screen : answered.screen;
  const state = activity?.state ?? ActivityState.UNSPECIFIED;
  const shownName = activity?.name ?? "";

  useEffect(() => {
    document.title = shownName;
  }, [shownName]);

  // A new state of the page is read from its heading on.
  const shownState = useRef(state);
  useEffect(() => {
    if (shownState.current !== state) heading.current?.focus();
    shownState.current = state;
  }, [state]);

  const refreshHome = () =>
    queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: service.getHome, transport, cardinality: "finite" }) });

  const submit = async (input: JsonObject): Promise<Fault | undefined> => {
    try {
      const taken = await submission.mutateAsync({ runId, input });
      setAnswered({ activity: taken.activity, screen: taken.screen, next: taken.nextRunId });
      void refreshHome();
      return undefined;
    } catch (error) {
      return faultOf(error);
    }
  };

  return (
    <>
      <Link to={homeAddress} className={classes.back}>
        ← {t("back")}
      </Link>
      <h1 className={classes.title} ref={heading} tabIndex={-1}>
        {shownName}
      </h1>
      {state === ActivityState.OPEN && screen !== undefined ? (
        <>
          <Due activity={activity} />
          {screen.title !== undefined && screen.title !== "" && screen.title !== shownName && <h2>{screen.title}</h2>}
          {screen.text !== undefined && screen.text !== "" && <p className={classes.text}>{screen.text}</p>}
          <ScreenOf
            runId={runId}
            screen={screen}
            data={data}
            name={shownName}
            submit={submit}
            submitting={submission.isPending}
            onProgress={(taken) => {
              if (taken.activity !== undefined && taken.activity.state !== ActivityState.OPEN) {
                setAnswered({ activity: taken.activity, screen: taken.screen });
                void refreshHome();
              }
            }}
          />
        </>
      ) : (
        <Outcome state={state} reason={activity?.reason} next={answered?.next} />
      )}
    </>
  );
}

function Due({ activity }: { activity: Activity | undefined }) {
  const { t } = useTranslation("front");
  const now = useNow();
  const due = toDate(activity?.dueAt);
  if (due === undefined) return null;
  const [before, after = ""] = t(due < now ? "wasDue" : "due", { when: "\u0000" }).split("\u0000");
  return (
    <p className={classes.due}>
      {before}
      <Moment at={activity?.dueAt} />
      {after}
    </p>
  );
}

interface ScreenOfProps {
  runId: string;
  screen: Screen;
  data: GetActivityResponse;
  name: string;
  submit: (input: JsonObject) => Promise<Fault | undefined>;
  submitting: boolean;
  onProgress: (taken: { activity?: Activity | undefined; screen?: Screen | undefined }) => void;
}

function ScreenOf({ runId, screen, data, name, submit, submitting, onProgress }: ScreenOfProps) {
  const { t } = useTranslation("front");
  const shared = { runId, submit, submitting };
  switch (screen.kind.case) {
    case "form":
      return (
        <>
          <p className={classes.kept}>{t("kept")}</p>
          <FormScreen {...shared} screen={screen.kind.value} drafts={data.drafts} />
        </>
      );
    case "video":
      return <VideoScreen runId={runId} screen={screen.kind.value} title={screen.title ?? name} onAnswer={onProgress} />;
    case "slots":
      return <SlotsScreen {...shared} screen={screen.kind.value} />;
    case "message":
      return <MessageScreen {...shared} screen={screen.kind.value} />;
    case "approval":
      return <ApprovalScreen {...shared} screen={screen.kind.value} />;
    case "redirect":
      return <ElsewhereScreen url={screen.kind.value.url} label={screen.kind.value.label} newTab={false} />;
    case "embed":
      return <ElsewhereScreen url={screen.kind.value.url} label={undefined} newTab />;
    case undefined:
      return <Notice tone="quiet">{t("unsupported")}</Notice>;
  }
}

function Outcome({ state, reason, next }: { state: ActivityState; reason: string | undefined; next: string | undefined }) {
  const { t } = useTranslation("front");
  const done = state === ActivityState.COMPLETED || state === ActivityState.SKIPPED;
  const waits = state === ActivityState.WAITING || state === ActivityState.OPEN;
  const title = done ? t("activity.doneTitle") : waits ? t("activity.waitingTitle") : t("activity.closedTitle");
  const detail = done ? t("activity.doneDetail") : waits ? t("activity.waitingDetail") : t("activity.closedDetail");
  return (
    <>
      <Notice tone={done ? "done" : "quiet"} title={title}>
        <p className={classes.big}>
          <Glyph kind={done ? "done" : waits ? "waiting" : "closed"} className={classes.icon} />
          <span>{reason !== undefined && reason !== "" ? reason : detail}</span>
        </p>
      </Notice>
      <BottomAction>
        {next === undefined ? (
          <PlaceButton to={homeAddress}>{t("activity.toList")}</PlaceButton>
        ) : (
          <PlaceButton to={activityAddress(next)}>{t("activity.toNext")}</PlaceButton>
        )}
      </BottomAction>
    </>
  );
}
