/**
 * OrderCalls: requests about orders, and what goes wrong with them: an answer that cannot be read
 * leaves the outcome unknown, and no error vanishes. Sends through PerpApi; does no other I/O.
 */

import { messageOf } from "#domain/errors.ts";
import type { OrderChange } from "#domain/events.ts";
import type { RequestParams } from "../binance/signing.ts";
import type { Verdict } from "../binance/verdicts.ts";
import type { VenueNews } from "../news.ts";
import { verdictOf } from "./answers.ts";
import type { ApiMethod, PerpApi } from "./api.ts";

export class OrderCalls {
  readonly #api: PerpApi;
  readonly #news: VenueNews;

  constructor(api: PerpApi, news: VenueNews) {
    this.#api = api;
    this.#news = news;
  }

  /** Sends before it returns. Never rejects. */
  async ask(method: ApiMethod, params: RequestParams): Promise<Verdict> {
    const answer = await this.#api.call(method, params);
    const verdict = verdictOf(answer, this.#news.clocks.venueNowMs());
    if (verdict.kind === "refused" && verdict.isFatal) {
      this.#news.alertOnce("critical", "venue-refuses", verdict.message);
    }
    return verdict;
  }

  /**
   * Sends before it returns.
   * @param ids whose outcome is unknown where the answer cannot be read
   */
  send(
    method: ApiMethod,
    params: RequestParams,
    ids: readonly string[],
    onVerdict: (verdict: Verdict) => void,
  ): void {
    this.run(ids, this.ask(method, params).then(onVerdict));
  }

  run(ids: readonly string[], asking: Promise<void>): void {
    asking.catch((thrown: unknown) => this.#onUnreadable(ids, thrown));
  }

  guarded(ids: readonly string[], action: () => void): void {
    try {
      action();
    } catch (thrown) {
      this.#onUnreadable(ids, thrown);
    }
  }

  /** @param change what a refusal means to whoever asked */
  tellFailure(
    clientOrderId: string,
    change: OrderChange,
    verdict: Exclude<Verdict, { kind: "accepted" }>,
  ): void {
    const { message } = verdict;
    if (verdict.kind === "unknown") this.#news.order(clientOrderId, "unknown", { message });
    else this.#news.order(clientOrderId, change, { reason: verdict.reason, message });
  }

  #onUnreadable(ids: readonly string[], thrown: unknown): void {
    const message = messageOf(thrown);
    this.#news.alertOnce("critical", "unreadable-answer", message);
    for (const id of ids) this.#news.order(id, "unknown", { message });
  }
}

/** The venue knows no such order, or not any more. */
export function isUnknownOrder(verdict: Verdict): boolean {
  return verdict.kind === "refused" && verdict.reason === "unknown-order";
}
