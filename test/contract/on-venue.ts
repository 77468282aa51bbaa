/** Runs a test on a venue of its own with a connection that is up, and looks at both at the end. */

import { expect } from "bun:test";
import { LiveStage, type StageOptions } from "./live-stage.ts";
import type { StartVenue, VenueUnderTest } from "./venue-under-test.ts";

export interface LiveOptions extends StageOptions {
  /** Done before the connection is started. */
  readonly before?: (venue: VenueUnderTest) => void;
  /** The test starts it, or awaits it, itself. Default: false */
  readonly isStartedByTest?: boolean;
}

export type Live = (
  body: (stage: LiveStage, venue: VenueUnderTest) => Promise<void>,
  options?: LiveOptions,
) => Promise<void>;

/**
 * @param way `fallback`: the connection never comes up, and orders go by its second way; `blind`:
 *   nor does it show a book, where orders and market share the first
 */
export function onVenue(start: StartVenue, way: "usual" | "fallback" | "blind" = "usual"): Live {
  return async (body, options = {}) => {
    const venue = await start();
    const { fallbackUrls } = venue;
    const urls = way !== "usual" && fallbackUrls !== null ? { urls: fallbackUrls } : {};
    try {
      const stage = await LiveStage.open(venue, { ...options, ...urls });
      options.before?.(venue);
      try {
        if (options.isStartedByTest !== true) await stage.up(way);
        await body(stage, venue);
      } finally {
        await stage.close();
      }
      expect(stage.breaches).toEqual([]);
    } finally {
      await venue.stop();
    }
  };
}
