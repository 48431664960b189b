// One look per status: tone and icon here, the word in the table of words.
import {
  IconBan,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleMinus,
  IconCircleX,
  IconHandStop,
  IconProgress,
  IconTrophy,
  IconUserMinus,
  type Icon,
} from "@tabler/icons-react";
import { ActivityStatus, JourneyStatus, StageStatus, WaitingOn } from "../gen/kohomai/v1/journey_pb";
import type { Tone } from "./StatusChip";

export interface Look<W extends string> {
  tone: Tone;
  icon: Icon;
  word: W;
}

export type JourneyWord = "InProgress" | "Blocked" | "Converted" | "NotQualified" | "Cancelled";

export function journeyLook(status: JourneyStatus): Look<JourneyWord> {
  switch (status) {
    case JourneyStatus.BLOCKED:
      return { tone: "blocked", icon: IconHandStop, word: "Blocked" };
    case JourneyStatus.CONVERTED:
      return { tone: "done", icon: IconTrophy, word: "Converted" };
    case JourneyStatus.NOT_QUALIFIED:
      return { tone: "neutral", icon: IconUserMinus, word: "NotQualified" };
    case JourneyStatus.CANCELLED:
      return { tone: "neutral", icon: IconBan, word: "Cancelled" };
    case JourneyStatus.IN_PROGRESS:
    case JourneyStatus.UNSPECIFIED:
      return { tone: "progress", icon: IconProgress, word: "InProgress" };
  }
}

/** Whether a journey can still move. */
export function isOpen(status: JourneyStatus): boolean {
  return status === JourneyStatus.IN_PROGRESS || status === JourneyStatus.BLOCKED;
}

/** The journey statuses by the words used in addresses. */
export const journeyStatuses: Readonly<Record<JourneyWord, JourneyStatus>> = {
  InProgress: JourneyStatus.IN_PROGRESS,
  Blocked: JourneyStatus.BLOCKED,
  Converted: JourneyStatus.CONVERTED,
  NotQualified: JourneyStatus.NOT_QUALIFIED,
  Cancelled: JourneyStatus.CANCELLED,
};

export type ActivityWord = "Pending" | "InProgress" | "Blocked" | "Completed" | "Skipped" | "Failed" | "Cancelled";

export function activityLook(status: ActivityStatus): Look<ActivityWord> {
  switch (status) {
    case ActivityStatus.IN_PROGRESS:
      return { tone: "progress", icon: IconProgress, word: "InProgress" };
    case ActivityStatus.BLOCKED:
      return { tone: "blocked", icon: IconHandStop, word: "Blocked" };
    case ActivityStatus.COMPLETED:
      return { tone: "done", icon: IconCircleCheck, word: "Completed" };
    case ActivityStatus.SKIPPED:
      return { tone: "neutral", icon: IconCircleMinus, word: "Skipped" };
    case ActivityStatus.FAILED:
      return { tone: "failed", icon: IconCircleX, word: "Failed" };
    case ActivityStatus.CANCELLED:
      return { tone: "neutral", icon: IconBan, word: "Cancelled" };
    case ActivityStatus.PENDING:
    case ActivityStatus.UNSPECIFIED:
      return { tone: "neutral", icon: IconCircleDashed, word: "Pending" };
  }
}

export type StageWord = "Pending" | "InProgress" | "Completed" | "Skipped" | "Cancelled";

export function stageLook(status: StageStatus): Look<StageWord> {
  switch (status) {
    case StageStatus.IN_PROGRESS:
      return { tone: "progress", icon: IconProgress, word: "InProgress" };
    case StageStatus.COMPLETED:
      return { tone: "done", icon: IconCircleCheck, word: "Completed" };
    case StageStatus.SKIPPED:
      return { tone: "neutral", icon: IconCircleMinus, word: "Skipped" };
    case StageStatus.CANCELLED:
      return { tone: "neutral", icon: IconBan, word: "Cancelled" };
    case StageStatus.PENDING:
    case StageStatus.UNSPECIFIED:
      return { tone: "neutral", icon: IconCircleDashed, word: "Pending" };
  }
}

export type WaitingWord = "Lead" | "Team" | "Stakeholder" | "Provider" | "System";

/** Who is waited on; undefined for nobody. */
export function waitingWord(waiting: WaitingOn): WaitingWord | undefined {
  switch (waiting) {
    case WaitingOn.LEAD:
      return "Lead";
    case WaitingOn.TEAM:
      return "Team";
    case WaitingOn.STAKEHOLDER:
      return "Stakeholder";
    case WaitingOn.PROVIDER:
      return "Provider";
    case WaitingOn.SYSTEM:
      return "System";
    case WaitingOn.UNSPECIFIED:
      return undefined;
  }
}
