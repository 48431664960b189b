import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { useTransport } from "@connectrpc/connect-query";
import { createClient } from "@connectrpc/connect";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { FrontService } from "../../gen/kohomai/front/v1/front_pb";

export type SaveState = "saving" | "saved" | "failed";

// Typing pauses this long before what stands is kept.
const pause = 700;

interface Line {
  timer?: number | undefined;
  running: boolean;
  /** What to keep next; a present key with undefined means the answer was taken away. */
  next?: { value: JsonValue | undefined } | undefined;
}

export interface Draft {
  states: Readonly<Record<string, SaveState>>;
  /** Keeps a field soon, after typing pauses. */
  later: (field: string, value: JsonValue | undefined) => void;
  /** Keeps what is waiting for a field at once, when it is left. */
  now: (field: string) => void;
}

/**
 * Keeps each field as it is entered: one save at a time per field, the last
 * value wins, and nothing waiting is lost when the page goes.
 */
export function useDraft(runId: string): Draft {
  const transport = useTransport();
  const client = useMemo(() => createClient(FrontService, transport), [transport]);
  const lines = useRef(new Map<string, Line>());
  const [states, setStates] = useState<Record<string, SaveState>>({});

  const send = useCallback(
    async (field: string): Promise<void> => {
      const line = lines.current.get(field);
      if (line === undefined || line.running) return;
      line.running = true;
      // What was entered while a save was under way is kept by the next turn.
      while (line.next !== undefined) {
        window.clearTimeout(line.timer);
        const { value } = line.next;
        line.next = undefined;
        setStates((all) => ({ ...all, [field]: "saving" }));
        let state: SaveState = "saved";
        try {
          await client.saveDraft({ runId, field, value: fromJson(ValueSchema, value ?? null) });
        } catch {
          state = "failed";
        }
        setStates((all) => ({ ...all, [field]: state }));
      }
      line.running = false;
    },
    [client, runId],
  );

  const later = useCallback(
    (field: string, value: JsonValue | undefined) => {
      const line = lines.current.get(field) ?? { running: false };
      lines.current.set(field, line);
      line.next = { value };
      window.clearTimeout(line.timer);
      line.timer = window.setTimeout(() => void send(field), pause);
    },
    [send],
  );
  const now = useCallback((field: string) => void send(field), [send]);

  useEffect(() => {
    const all = lines.current;
    const flush = () => {
      for (const field of all.keys()) void send(field);
    };
    document.addEventListener("visibilitychange", flush);
    return () => {
      document.removeEventListener("visibilitychange", flush);
      flush();
    };
  }, [send]);

  return { states, later, now };
}
