import {
  IconBuilding,
  IconCpu,
  IconPlugConnected,
  IconUser,
  IconUsers,
  type Icon,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { ActivityStatus, JourneyStatus, StageStatus, WaitingOn } from "../../gen/kohomai/v1/journey_pb";
import { activityLook, journeyLook, stageLook, waitingWord, type WaitingWord } from "../../ui/status";
import { StatusChip, type Tone } from "../../ui/StatusChip";

export function JourneyChip({ status }: { status: JourneyStatus }) {
  const { t } = useTranslation("common");
  const look = journeyLook(status);
  return <StatusChip tone={look.tone} icon={look.icon} word={t(`journeyStatus.${look.word}`)} />;
}

export function ActivityChip({ status }: { status: ActivityStatus }) {
  const { t } = useTranslation("common");
  const look = activityLook(status);
  return <StatusChip tone={look.tone} icon={look.icon} word={t(`activityStatus.${look.word}`)} />;
}

export function StageChip({ status }: { status: StageStatus }) {
  const { t } = useTranslation("common");
  const look = stageLook(status);
  return <StatusChip tone={look.tone} icon={look.icon} word={t(`stageStatus.${look.word}`)} />;
}

const waitingLooks: Record<WaitingWord, [Tone, Icon]> = {
  Lead: ["lead", IconUser],
  Team: ["blocked", IconUsers],
  Stakeholder: ["neutral", IconBuilding],
  Provider: ["neutral", IconPlugConnected],
  System: ["neutral", IconCpu],
};

/** Who is waited on; nothing when nobody is. */
export function WaitingChip({ waitingOn }: { waitingOn: WaitingOn }) {
  const { t } = useTranslation("common");
  const word = waitingWord(waitingOn);
  if (word === undefined) return null;
  const [tone, icon] = waitingLooks[word];
  return <StatusChip tone={tone} icon={icon} word={t(`waitingOn.${word}`)} />;
}
