/**
 * HlSocket: a WebSocket of Hyperliquid as one pair sees it, whether it is the pair's own
 * (own-socket.ts) or shared with others through a feed worker (feed-client.ts). It keeps the pair's
 * subscriptions over every reconnect. Types only.
 */

export interface SocketWants {
  /** Its market: `bbo`, fast `l2Book`, `trades` and `activeAssetCtx`. A name read from `meta`. */
  readonly coin: string;
  /** Whose `orderUpdates`, `userFills` and `userFundings`, lower case; null: nobody's. */
  readonly user: string | null;
}

export interface SocketHandlers {
  /** Connected, and every subscription is confirmed. Frames may have come before. */
  onUp(): void;
  /** Once for each `onUp`; what was posted and not answered has an unknown outcome. */
  onDown(cause: string): void;
  /**
   * A frame of one of these channels: of this coin, or of this user (all coins). Unparsed; no acks,
   * no pongs, no answers to posts. Frames may be heard twice while one connection replaces another.
   */
  onMessage(text: string, receivedTimeMs: number): void;
  /** An `error` frame that belongs to no post. */
  onError(message: string): void;
}

export type PostOutcome =
  /** `payload` of the response, parsed: `{status, response}`. */
  | { readonly kind: "answered"; readonly payload: unknown }
  /** The venue refused the post itself, e.g. `429 Too Many Requests`: it was not done. */
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "unknown"; readonly message: string }
  | {
      readonly kind: "not-sent";
      readonly why: "budget" | "not-connected";
      readonly message: string;
    };

export interface HlSocket {
  /**
   * Begins to connect, and stays connected until `close`. Call once; heard from the event loop
   * only.
   */
  open(handlers: SocketHandlers): void;
  close(): void;
  /**
   * Subscribes anew, by another connection where that is needed: a channel is mute although the
   * connection lives. Within the budgets of sockets; does nothing while it is not up.
   */
  renew(): void;
  readonly isUp: boolean;
  readonly reconnects: number;
  readonly inFlight: number;
  /**
   * Sends before it returns, where it is up and the budgets of sockets allow it. Never rejects.
   * @param payload JSON text of an action: questions go by REST
   * @param isCancel may use what budgets keep for cancels. Default: it may not
   */
  post(payload: string, timeoutMs: number, isCancel?: boolean): Promise<PostOutcome>;
}
