import { Calls, type Journey } from "./api.gen.js";
import type { CallOptions } from "./caller.js";
import { pause } from "./retry.js";

const firstPoll = 200;
const mostPoll = 5_000;
const ends: ReadonlySet<Journey["Status"]> = new Set(["Converted", "NotQualified", "Cancelled"] as const);

/** Client of the kohomai API: a method per operation, an all… method per list, and waiting. */
export class Kohomai extends Calls {
  /**
   * Waits until a journey is Converted, NotQualified or Cancelled. A Blocked one goes on once the team has helped, so it is
   * waited for, too. Give a signal, such as AbortSignal.timeout(60_000): a journey may wait for a person for days.
   */
  async waitForEnd(journey: number, options: Pick<CallOptions, "signal"> = {}): Promise<Journey> {
    for (let poll = firstPoll; ; poll = Math.min(poll * 1.5, mostPoll)) {
      const found = await this.getJourney({ id: journey }, options);
      if (ends.has(found.Status)) return found;
      await pause(poll, options.signal, this.options);
    }
  }
}
