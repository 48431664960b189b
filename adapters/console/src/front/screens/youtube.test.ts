import { describe, expect, it } from "vitest";
import { readYoutube, youtubeId } from "./youtube";

describe("youtubeId", () => {
  it.each([
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=3",
    "https://youtu.be/dQw4w9WgXcQ",
    "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ",
    "https://m.youtube.com/shorts/dQw4w9WgXcQ",
  ])("%s", (address) => {
    expect(youtubeId(address)).toBe("dQw4w9WgXcQ");
  });
  it.each(["https://example.com/watch?v=dQw4w9WgXcQ", "https://youtube.com/watch?v=<x>", "nonsense", "/media/a.webm"])(
    "%s is none",
    (address) => {
      expect(youtubeId(address)).toBeUndefined();
    },
  );
});

describe("readYoutube", () => {
  it("reads position, duration and state", () => {
    const said = JSON.stringify({ event: "infoDelivery", info: { currentTime: 4.2, duration: 60, playerState: 1 } });
    expect(readYoutube(said)).toEqual({ position: 4.2, duration: 60, playing: true });
  });
  it.each(["", "{", "{}", '{"info":null}', '{"info":{"volume":3}}', 7, null])("ignores %j", (data) => {
    expect(readYoutube(data)).toBeUndefined();
  });
});
