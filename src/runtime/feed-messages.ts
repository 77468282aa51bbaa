/**
 * Feed messages: all that main thread and feed worker say to one another, as two closed unions of
 * plain data. What a pair and the feed say to one another goes over ports of their own, and is the
 * venue's matter. Types only.
 */

import type { VenueId } from "#domain/instrument.ts";
import type { FeedOptions } from "#venues/venue.ts";
import type { ErrorMessage } from "./messages.ts";

export type ToFeed =
  /** The first message, and once. */
  | { readonly kind: "open"; readonly venue: VenueId; readonly options: FeedOptions }
  /** One more pair, at the other end of this port: name it in the transfer list too. */
  | { readonly kind: "attach"; readonly port: MessagePort }
  /** Close the sockets and answer `stopped`; the thread is ended from outside then. */
  | { readonly kind: "stop" };

export type FromFeed =
  /** Every second, from `open` on: the heartbeat. */
  | { readonly kind: "alive" }
  | { readonly kind: "stopped" }
  /** The last message: the worker ends with it. */
  | { readonly kind: "failed"; readonly error: ErrorMessage; readonly stack: string };
