import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { FrontService, ReportProgressRequestSchema, type ReportProgressResponse } from "../../gen/kohomai/front/v1/front_pb";
import { addInterval, pieceBetween, rounded, totalSeconds, type Interval, type Reading } from "./watched";

// While the film plays, what was watched is told this often.
const reportEvery = 5_000;

export interface Watching {
  /** The film is at a place and playing. */
  playing: (position: number, duration: number | undefined) => void;
  /** The film stands, or was moved: what follows does not join what came before. */
  interrupted: () => void;
  /** Tells what was watched since the last time, now. */
  report: () => void;
  /** Share watched, the server's word and what this page adds to it. */
  share: number;
  failed: boolean;
}

/** Measures what is really watched, and reports it until the server has it. */
export function useWatching(
  runId: string,
  begin: { share: number; duration: number | undefined },
  onAnswer: (answer: ReportProgressResponse) => void,
): Watching {
  const transport = useTransport();
  const client = useMemo(() => createClient(FrontService, transport), [transport]);
  const state = useRef({
    before: undefined as Reading | undefined,
    unsent: [] as Interval[],
    session: [] as Interval[],
    duration: begin.duration,
    position: 0,
    sending: false,
    sentAt: undefined as number | undefined,
  });
  const [share, setShare] = useState(begin.share);
  const [failed, setFailed] = useState(false);
  const answer = useRef(onAnswer);
  useEffect(() => {
    answer.current = onAnswer;
  });

  const report = useCallback(() => {
    const s = state.current;
    const intervals = rounded(s.unsent);
    if (s.sending || intervals.length === 0 || s.duration === undefined) return;
    const sent = s.unsent;
    s.unsent = [];
    s.sending = true;
    s.sentAt = performance.now();
    const progress = { Intervals: intervals, Position: Math.round(s.position * 10) / 10, Duration: s.duration };
    client
      .reportProgress(create(ReportProgressRequestSchema, { runId, progress }))
      .then((taken) => {
        setFailed(false);
        if (taken.screen?.kind.case === "video") {
          const { watched } = taken.screen.kind.value;
          setShare((now) => Math.max(now, watched));
        }
        answer.current(taken);
      })
      .catch(() => {
        s.unsent = sent.reduce<Interval[]>((all, piece) => addInterval(all, piece), s.unsent);
        setFailed(true);
      })
      .finally(() => {
        s.sending = false;
      });
  }, [client, runId]);

  const playing = useCallback(
    (position: number, duration: number | undefined) => {
      const s = state.current;
      if (duration !== undefined && Number.isFinite(duration) && duration > 0) s.duration = duration;
      s.position = position;
      const reading: Reading = { position, at: performance.now() };
      const piece = s.before === undefined ? undefined : pieceBetween(s.before, reading);
      s.before = reading;
      // The first report waits its time as well: a film just begun has nothing to tell yet.
      s.sentAt ??= reading.at;
      if (piece === undefined) return;
      s.unsent = addInterval(s.unsent, piece);
      s.session = addInterval(s.session, piece);
      if (s.duration !== undefined) {
        // What this visit alone adds up to; the server knows the earlier visits.
        const own = Math.min(1, totalSeconds(s.session) / s.duration);
        setShare((now) => Math.max(now, own));
      }
      if (reading.at - s.sentAt >= reportEvery) report();
    },
    [report],
  );

  const interrupted = useCallback(() => {
    state.current.before = undefined;
  }, []);

  useEffect(() => {
    const leave = () => report();
    document.addEventListener("visibilitychange", leave);
    const again = window.setInterval(report, reportEvery * 2);
    return () => {
      document.removeEventListener("visibilitychange", leave);
      window.clearInterval(again);
      report();
    };
  }, [report]);

  return { playing, interrupted, report, share, failed };
}
