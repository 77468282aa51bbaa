/**
 * HlApi: one question or one signed action to Hyperliquid, by whichever way is open, and what can
 * come of it. The transports implement it (rest.ts; live-api.ts over the socket with REST as its
 * fallback); everything above speaks in these terms. Types only.
 */

/** Body of `POST /info`, or of a ws post of type `info`. */
export interface InfoRequest {
  readonly type: string;
  readonly [field: string]: unknown;
}

export type InfoAnswer =
  | { readonly kind: "answered"; readonly result: unknown }
  /** The venue answered, and not with what was asked for (its words). */
  | { readonly kind: "refused"; readonly status: number; readonly message: string }
  /** No answer, or no budget to ask: ask again later. */
  | { readonly kind: "unanswered"; readonly message: string };

/** An action as its key order is hashed: see actions.ts. */
export interface HlAction {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface ActionRequest {
  readonly action: HlAction;
  /** What the address budget counts it as: one for each order, cancel or modification in it. */
  readonly requests: number;
  /** May use what budgets keep for cancels. */
  readonly isCancel: boolean;
  /** The venue refuses it later than this after it was sent; null: it has no such bound. */
  readonly expiresInMs: number | null;
}

export type ActionAnswer =
  /** `status: "ok"`; its `response`, not yet looked at. Elements of it may be errors. */
  | { readonly kind: "answered"; readonly response: unknown }
  /** The whole action was surely not done, in the venue's words. */
  | { readonly kind: "refused"; readonly message: string }
  /** It may have been done: no answer in time, the socket went down with it, a 5xx. */
  | { readonly kind: "unknown"; readonly message: string }
  /** It surely was not sent: no budget, or no way to the venue. */
  | {
      readonly kind: "not-sent";
      readonly why: "budget" | "not-connected";
      /** Venue's clock: it is of no use before this. */
      readonly retryAtMs: number;
      readonly message: string;
    };

export interface HlApi {
  /** Never rejects; settled within the request time-out. */
  info(request: InfoRequest): Promise<InfoAnswer>;
  /**
   * Takes budgets and a nonce, signs and sends before it returns. Never rejects; settled within
   * the request time-out. An action is never sent twice.
   */
  act(request: ActionRequest): Promise<ActionAnswer>;
  /** The venue's clock now, epoch milliseconds. */
  venueNowMs(): number;
}
