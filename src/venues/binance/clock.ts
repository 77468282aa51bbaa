/**
 * BinanceClock: Binance's clock as this thread knows it. Requests are stamped and budgets counted
 * by it. I/O only through the BinanceApi that it is handed.
 */

import * as v from "valibot";
import { VenueClock } from "../venue-clock.ts";
import type { BinanceApi } from "./api.ts";

const ServerTime = v.object({ serverTime: v.pipe(v.number(), v.safeInteger()) });

export class BinanceClock extends VenueClock<Pick<BinanceApi<"time">, "call">> {
  /** For a request's `timestamp`: whole milliseconds. */
  timestamp(): number {
    return Math.floor(this.venueNowMs());
  }

  protected override async ask(api: Pick<BinanceApi<"time">, "call">): Promise<number | string> {
    const answer = await api.call("time", {});
    if (answer.kind !== "answered") return answer.message;
    const time = v.safeParse(ServerTime, answer.result);
    return time.success ? time.output.serverTime : answer.reply.message;
  }
}
