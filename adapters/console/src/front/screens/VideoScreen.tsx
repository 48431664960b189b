import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ReportProgressResponse, VideoScreen as Video } from "../../gen/kohomai/front/v1/front_pb";
import { formatShare } from "../../ui/format";
import { useLocale } from "../../ui/useLocale";
import { Bar } from "../Bar";
import { Button } from "../Button";
import { Notice } from "../Notice";
import { useWatching, type Watching } from "./useWatching";
import classes from "./VideoScreen.module.css";
import { readYoutube, youtubeId, youtubeOrigin } from "./youtube";

interface Props {
  runId: string;
  screen: Video;
  title: string;
  onAnswer: (answer: ReportProgressResponse) => void;
}

/** A film, and how much of it was really watched. */
export function VideoScreen({ runId, screen, title, onAnswer }: Props) {
  const { t } = useTranslation("front");
  const locale = useLocale();
  const watching = useWatching(runId, { share: screen.watched, duration: screen.duration }, onAnswer);
  const youtube = youtubeId(screen.url);
  const percent = formatShare(watching.share, locale);
  return (
    <>
      {youtube === undefined ? (
        <FilePlayer screen={screen} title={title} watching={watching} />
      ) : (
        <YoutubePlayer id={youtube} screen={screen} title={title} watching={watching} />
      )}
      <p className={classes.line}>{t("video.watched", { share: percent })}</p>
      <Bar label={t("video.label")} value={watching.share} mark={screen.share} />
      <p className={classes.need}>{t("video.need", { share: formatShare(screen.share, locale) })}</p>
      {watching.failed && <Notice tone="quiet">{t("video.offline")}</Notice>}
    </>
  );
}

interface PlayerProps {
  screen: Video;
  title: string;
  watching: Watching;
}

function FilePlayer({ screen, title, watching }: PlayerProps) {
  const { t } = useTranslation("front");
  const [failed, setFailed] = useState(false);
  if (failed) {
    return (
      <Notice tone="failed" title={t("video.failed")}>
        <a href={screen.url} target="_blank" rel="noopener noreferrer">
          {t("video.open")}
        </a>
      </Notice>
    );
  }
  return (
    <video
      className={classes.player}
      src={screen.url}
      poster={screen.poster}
      controls
      playsInline
      preload="metadata"
      aria-label={title}
      onLoadedMetadata={(event) => {
        const film = event.currentTarget;
        // Go on where the last visit ended, unless that was the end.
        if (screen.position > 0 && screen.position < film.duration - 1) film.currentTime = screen.position;
      }}
      onTimeUpdate={(event) => {
        const film = event.currentTarget;
        if (!film.paused && !film.seeking) watching.playing(film.currentTime, film.duration);
      }}
      onSeeking={watching.interrupted}
      onPlaying={(event) => {
        watching.interrupted();
        watching.playing(event.currentTarget.currentTime, event.currentTarget.duration);
      }}
      onPause={(event) => {
        const film = event.currentTarget;
        if (!film.seeking) watching.playing(film.currentTime, film.duration);
        watching.interrupted();
        watching.report();
      }}
      onEnded={watching.report}
      onError={() => setFailed(true)}
    >
      <track kind="captions" src={screen.captions} default={screen.captions !== undefined} />
    </video>
  );
}

function YoutubePlayer({ id, screen, title, watching }: PlayerProps & { id: string }) {
  const { t } = useTranslation("front");
  const [shown, setShown] = useState(false);
  const frame = useRef<HTMLIFrameElement>(null);
  const playing = useRef(false);

  useEffect(() => {
    if (!shown) return undefined;
    const listen = (event: MessageEvent) => {
      if (event.origin !== youtubeOrigin || event.source !== frame.current?.contentWindow) return;
      const info = readYoutube(event.data);
      if (info === undefined) return;
      if (info.playing !== undefined && info.playing !== playing.current) {
        playing.current = info.playing;
        watching.interrupted();
        if (!info.playing) watching.report();
      }
      if (playing.current && info.position !== undefined) watching.playing(info.position, info.duration);
    };
    window.addEventListener("message", listen);
    return () => window.removeEventListener("message", listen);
  }, [shown, watching]);

  if (!shown) {
    return (
      <div className={classes.cover}>
        <Button onClick={() => setShown(true)}>{t("video.load")}</Button>
        <p>{t("video.youtube")}</p>
      </div>
    );
  }
  const query = new URLSearchParams({
    enablejsapi: "1",
    origin: window.location.origin,
    rel: "0",
    playsinline: "1",
    start: String(Math.floor(screen.position)),
  });
  return (
    <iframe
      ref={frame}
      className={classes.player}
      title={title}
      src={`${youtubeOrigin}/embed/${id}?${query.toString()}`}
      allow="autoplay; encrypted-media; picture-in-picture; fullscreen"
      allowFullScreen
      onLoad={() => frame.current?.contentWindow?.postMessage(JSON.stringify({ event: "listening", id: 1 }), youtubeOrigin)}
    />
  );
}
