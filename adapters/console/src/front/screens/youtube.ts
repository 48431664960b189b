// YouTube's player spoken to by messages alone: its script is not loaded, the
// page's policy would not allow it and a lead need not be followed by it.

export const youtubeOrigin = "https://www.youtube-nocookie.com";

/** The id of a YouTube film in any of the usual forms of its address. */
export function youtubeId(address: string): string | undefined {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return undefined;
  }
  const host = url.hostname.replace(/^(www|m)\./, "");
  let id: string | null | undefined;
  if (host === "youtu.be") id = url.pathname.slice(1);
  else if (host === "youtube.com" || host === "youtube-nocookie.com") {
    id = url.pathname === "/watch" ? url.searchParams.get("v") : /^\/(?:embed|shorts|live)\/([^/]+)/.exec(url.pathname)?.[1];
  }
  return id !== null && id !== undefined && /^[\w-]{11}$/.test(id) ? id : undefined;
}

export interface YoutubeInfo {
  position?: number;
  duration?: number;
  playing?: boolean;
}

/** Reads one message of the player; undefined when it says nothing of use. */
export function readYoutube(data: unknown): YoutubeInfo | undefined {
  if (typeof data !== "string") return undefined;
  let message: unknown;
  try {
    message = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (typeof message !== "object" || message === null || !("info" in message)) return undefined;
  const { info } = message;
  if (typeof info !== "object" || info === null) return undefined;
  const out: YoutubeInfo = {};
  if ("currentTime" in info && typeof info.currentTime === "number") out.position = info.currentTime;
  if ("duration" in info && typeof info.duration === "number") out.duration = info.duration;
  if ("playerState" in info && typeof info.playerState === "number") out.playing = info.playerState === 1;
  return Object.keys(out).length > 0 ? out : undefined;
}
