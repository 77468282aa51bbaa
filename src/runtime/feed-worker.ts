/**
 * The entry of a feed worker thread: the sockets of one address of a venue, shared by any number
 * of pair workers over message ports. It holds no keys. Whatever goes wrong is told as `failed`,
 * and the thread ends with it: its ports close, and the pairs that used them are replaced.
 */

import { InputError, InvariantError, MmError, messageOf } from "#domain/errors.ts";
import { venueModule } from "#venues/registry.ts";
import type { SharedFeed } from "#venues/venue.ts";
import type { FromFeed, ToFeed } from "./feed-messages.ts";
import { systemWorld } from "./world.ts";

const ALIVE_INTERVAL_MS = 1000;

let feed: SharedFeed | null = null;

// A rejection that nobody handles comes as an error too.
addEventListener("error", (event) => {
  event.preventDefault();
  fail(event instanceof ErrorEvent ? (event.error ?? event.message) : "an error without a word");
});

addEventListener("message", ({ data }: MessageEvent<ToFeed>) => {
  try {
    heed(data);
  } catch (thrown) {
    fail(thrown);
  }
});

function heed(message: ToFeed): void {
  switch (message.kind) {
    case "open":
      feed = opened(message);
      setInterval(() => tell({ kind: "alive" }), ALIVE_INTERVAL_MS);
      tell({ kind: "alive" });
      return;
    case "attach":
      if (feed === null) throw new InvariantError("a pair for a feed that was not opened");
      feed.attach(message.port);
      return;
    case "stop":
      feed?.stop();
      tell({ kind: "stopped" });
      return;
  }
}

function opened({ venue, options }: Extract<ToFeed, { kind: "open" }>): SharedFeed {
  const { sharing } = venueModule(venue);
  if (sharing !== undefined) return sharing.openFeed(options, systemWorld());
  throw new InputError("unsupported-venue", `the sockets of ${venue} cannot be shared`, {
    hint: "give each pair its own",
  });
}

function tell(message: FromFeed): void {
  postMessage(message);
}

/** The last word of this thread: nothing of it goes on. */
function fail(thrown: unknown): void {
  const code = thrown instanceof MmError ? thrown.code : "unexpected";
  const stack = thrown instanceof Error ? (thrown.stack ?? "") : "";
  tell({ kind: "failed", error: { code, message: messageOf(thrown) }, stack });
  process.exit(1);
}
