/**
 * SpotAccount: what the venue says of the account, as events of one pair: its stream as it comes,
 * and on `reconcile` the whole truth: fills not told yet, then balances with the open orders. Other
 * symbols and the orders of others are passed over. Asks through SpotApi; does no other I/O.
 */

import { type Decimal, decimal } from "#domain/decimal.ts";
import { messageOf } from "#domain/errors.ts";
import type { AccountEvent, FillEvent, OrderEvent } from "#domain/events.ts";
import type { RequestParams } from "../binance/signing.ts";
import type { Verdict } from "../binance/verdicts.ts";
import { isNewerTrade, type MessageContext } from "../binance/wire.ts";
import { Rerun } from "../rerun.ts";
import { verdictOf } from "./answers.ts";
import type { ApiMethod } from "./api.ts";
import { readAccount, readOpenOrders } from "./responses.ts";
import { TradeLog, type TradeLogParts } from "./trade-log.ts";
import { type IsOurs, readUserEvent, type UserEvent } from "./user-events.ts";

/** While fills keep coming a snapshot may never be of one moment; then the last one has to do. */
const MAX_SNAPSHOTS = 3;

type Balances = Extract<UserEvent, { kind: "balances" }>;

/** Free and locked together, and the venue's time of it. */
interface Balance {
  readonly total: string;
  readonly venueTimeMs: number;
}

export class SpotAccount {
  readonly #parts: TradeLogParts;
  readonly #symbol: string;
  readonly #trades: TradeLog;
  #base: Balance | null = null;
  #quote: Balance | null = null;
  /** Fills and transfers heard: a snapshot during which there were none is of one moment. */
  #moves = 0;
  readonly #reconciling = new Rerun(() => this.#reconcile());
  #isStopped = false;

  constructor(parts: TradeLogParts) {
    this.#parts = parts;
    this.#symbol = parts.instrument.symbol;
    this.#trades = new TradeLog(parts);
  }

  /** Free and locked together; null before the first reconciliation. */
  get base(): Decimal | null {
    return this.#base === null ? null : decimal(this.#base.total);
  }

  /** Key of the newest fill told, or of the trade after which we began; null before that. */
  get newestTradeId(): string | null {
    const told = this.#parts.news.newestTradeId;
    const read = this.#trades.lastReadId;
    if (told === null || read === null) return told ?? read;
    return isNewerTrade(told, read) ? told : read;
  }

  /** What is under way ends without news. */
  stop(): void {
    this.#isStopped = true;
    this.#reconciling.stop();
  }

  /**
   * Notes where the account's trades stand: to be done before anything is swept or quoted. Never
   * rejects.
   * @returns whether the venue answered, now or before
   */
  async begin(): Promise<boolean> {
    if (this.#trades.hasBegun) return true;
    try {
      const problem = await this.#trades.begin();
      if (problem !== null) this.#tellUnanswered(problem);
      return problem === null;
    } catch (thrown) {
      this.#tellUnreadable(thrown);
      return false;
    }
  }

  /** One message of the user data stream. Never throws. */
  onUserEvent(json: unknown, receivedTimeMs: number): void {
    const { instrument, orders } = this.#parts;
    const isOurs: IsOurs = (venueOrderId, ids) =>
      typeof orders.clientIdOf(venueOrderId) === "string" || ids.some((id) => orders.isOurs(id));
    try {
      this.#take(readUserEvent(json, { instrument, receivedTimeMs }, isOurs));
    } catch (thrown) {
      // Money may have moved: what the message did not tell has to be asked for.
      this.#tellUnreadable(thrown);
      this.reconcile();
    }
  }

  /** Asks for the whole truth. While it is being asked for, one more question is remembered. */
  reconcile(): void {
    this.#reconciling.want();
  }

  #take(event: UserEvent): void {
    const { instrument, news } = this.#parts;
    switch (event.kind) {
      case "orders":
        if (event.events.some(({ kind }) => kind === "fill")) this.#moves += 1;
        this.#tellReport(event.events);
        return;
      case "foreign":
        if (event.isTrade) this.#moves += 1;
        this.#parts.orders.noteForeign(event.venueOrderId);
        return;
      case "balances":
        this.#mergeBalances(event);
        return;
      case "transfer": {
        this.#moves += 1;
        const isOurs = event.asset === instrument.base || event.asset === instrument.quote;
        const message = `${event.amount} ${event.asset} moved into the account (out: negative)`;
        if (isOurs) news.alert("info", "transfer", message);
        return;
      }
      // The connection sees to the end of its stream; what is locked stays in the account.
      case "lock":
      case "ended":
      case "ignored":
    }
  }

  #tellReport(events: readonly (OrderEvent | FillEvent)[]): void {
    const { orders, news } = this.#parts;
    const order = events.find((event) => event.kind === "order");
    const venueOrderId = order?.venueOrderId ?? null;
    // A cancel may have renamed the order: its number says which it is.
    const known = venueOrderId === null ? null : orders.clientIdOf(venueOrderId);
    for (const event of events) {
      if (event.kind === "order") {
        const clientOrderId = known ?? event.clientOrderId;
        if (orders.isOurs(clientOrderId)) news.event({ ...event, clientOrderId });
        else orders.note(event);
      } else {
        const clientOrderId = known ?? event.fill.clientOrderId;
        if (!orders.isOurs(clientOrderId)) continue;
        news.event({ ...event, fill: { ...event.fill, clientOrderId } });
      }
    }
  }

  /** The stream names the assets that changed; of the other the last word stands. */
  #mergeBalances({ venueTimeMs, base, quote }: Balances): void {
    if (this.#base === null || this.#quote === null) return;
    this.#base = newer(this.#base, base, venueTimeMs);
    this.#quote = newer(this.#quote, quote, venueTimeMs);
    this.#parts.news.event({
      kind: "account",
      venueTimeMs,
      receivedTimeMs: this.#parts.news.clocks.nowMs(),
      base: this.#base.total,
      quote: this.#quote.total,
      openOrderIds: null,
    });
  }

  /** Never rejects. */
  async #reconcile(): Promise<void> {
    try {
      const problem = await this.#reconcileOnce();
      if (problem !== null) this.#tellUnanswered(problem);
    } catch (thrown) {
      this.#tellUnreadable(thrown);
    }
  }

  /** @returns null, or why there is no answer: whoever asked asks again */
  async #reconcileOnce(): Promise<string | null> {
    const { news } = this.#parts;
    for (let round = 1; ; round += 1) {
      const open = await this.#ask("openOrders.status", { symbol: this.#symbol });
      if (open.kind !== "accepted") return open.message;
      const moves = this.#moves;
      const askedMs = news.clocks.venueNowMs();
      const account = await this.#ask("account.status", { omitZeroBalances: true });
      if (account.kind !== "accepted") return account.message;
      const reading = await this.#trades.read();
      if (this.#isStopped) return null;
      if (reading.kind === "unanswered") return reading.message;
      if (reading.kind === "partly") return "there are more trades than are read at once";
      const isOfOneMoment = moves === this.#moves && reading.newestMs < askedMs;
      if (isOfOneMoment || round === MAX_SNAPSHOTS) {
        this.#tellSnapshot(open.result, account.result);
        return null;
      }
    }
  }

  #tellSnapshot(open: unknown, account: unknown): void {
    const { orders, news } = this.#parts;
    const context = this.#context();
    const listed = readOpenOrders(open, context, (id) => orders.isOurs(id));
    const openOrderIds = listed.map((order) => order.clientOrderId);
    const event: AccountEvent = readAccount(account, openOrderIds, context);
    for (const order of listed) orders.note(order);
    orders.isListed = true;
    const { venueTimeMs } = event;
    this.#base = { total: event.base, venueTimeMs };
    this.#quote = { total: event.quote, venueTimeMs };
    news.event(event);
  }

  async #ask(method: ApiMethod, params: RequestParams): Promise<Verdict> {
    const { api, news } = this.#parts;
    const verdict = verdictOf(await api.call(method, params), news.clocks.venueNowMs());
    if (verdict.kind === "refused" && verdict.isFatal) {
      news.alertOnce("critical", "venue-refuses", verdict.message);
    }
    return verdict;
  }

  #tellUnanswered(message: string): void {
    this.#parts.news.alertSometimes("info", "reconcile-unanswered", message);
  }

  #tellUnreadable(thrown: unknown): void {
    this.#parts.news.alertOnce("critical", "unreadable-message", messageOf(thrown));
  }

  #context(): MessageContext {
    const { instrument, news } = this.#parts;
    return { instrument, receivedTimeMs: news.clocks.nowMs() };
  }
}

/** A report that was overtaken by a newer snapshot changes nothing. */
function newer(balance: Balance, total: string | null, venueTimeMs: number): Balance {
  return total === null || venueTimeMs < balance.venueTimeMs ? balance : { total, venueTimeMs };
}
