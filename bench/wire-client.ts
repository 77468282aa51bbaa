/** Starts the wire venue in a process of its own, and asks it to move its markets. */

import { join } from "node:path";
import * as v from "valibot";
import type { VenueUrls } from "#venues/venue.ts";

export interface WireVenue {
  readonly urls: VenueUrls;
  readonly echoUrl: string;
  /** Until every stream is connected and rests so many orders. @throws {Error} after 30 s */
  untilOpen(streams: number, orders: number): Promise<void>;
  /** See wire-venue.ts. */
  ask<Schema extends v.GenericSchema>(path: string, schema: Schema): Promise<v.InferOutput<Schema>>;
  stop(): Promise<void>;
}

const Started = v.object({ port: v.number() });
const State = v.object({ streams: v.number(), open: v.number() });
const START_TIMEOUT_MS = 30_000;

export async function startWireVenue(): Promise<WireVenue> {
  const { promise: port, resolve, reject } = Promise.withResolvers<number>();
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "wire-venue.ts")], {
    stdout: "inherit",
    stderr: "inherit",
    ipc: (message) => resolve(v.parse(Started, message).port),
    onExit: () => reject(new Error("the wire venue has ended")),
  });
  const address = `127.0.0.1:${await port}`;
  const ask: WireVenue["ask"] = async (path, schema) => {
    const response = await fetch(`http://${address}/bench/${path}`, {
      method: "POST",
      signal: AbortSignal.timeout(300_000),
    });
    return v.parse(schema, await response.json());
  };
  return {
    urls: {
      restUrl: `http://${address}`,
      wsApiUrl: `ws://${address}/ws-api/v3`,
      streamUrl: `ws://${address}`,
    },
    echoUrl: `ws://${address}/echo`,
    ask,
    untilOpen: async (streams, orders) => {
      const deadlineMs = performance.now() + START_TIMEOUT_MS;
      for (;;) {
        const state = await ask("state", State);
        if (state.streams >= streams && state.open >= orders) return;
        if (performance.now() > deadlineMs) throw new Error(`not open: ${JSON.stringify(state)}`);
        await Bun.sleep(50);
      }
    },
    stop: async () => {
      child.kill();
      await child.exited;
    },
  };
}
