/**
 * CancelAllBot: the naive twin of PairEngine for the order economy: the same ladder, capital and
 * moments of re-quoting, but each time every order is canceled and, once the venue has confirmed,
 * every level is placed anew. What simple bots do. No guards; for recorded markets only.
 */

import type { EngineEvent } from "#domain/events.ts";
import type { Instrument, Side } from "#domain/instrument.ts";
import { Ledger } from "#domain/ledger.ts";
import { formatClientOrderId } from "#domain/order.ts";
import { MarketState } from "#engine/market-state.ts";
import { PairInputs } from "#engine/pair-inputs.ts";
import type { EngineParams } from "#engine/params.ts";
import { RequoteClock } from "#engine/requote-clock.ts";
import type { Execution } from "#ports/sink.ts";
import { Ladder, type LadderSide } from "#strategies/ladder.ts";
import { LadderBuilder } from "#strategies/ladder-builder.ts";
import type { Strategy } from "#strategies/strategy.ts";

export class CancelAllBot {
  /** Orders that may be open, as the driver asks. */
  readonly #live = new Set<string>();
  readonly counts = { placed: 0, canceled: 0, rejected: 0, fills: 0, ladders: 0 };
  readonly #params: EngineParams;
  readonly #execution: Execution;
  readonly #ledger: Ledger;
  readonly #market: MarketState;
  readonly #clock = new RequoteClock();
  readonly #input: PairInputs;
  readonly #builder: LadderBuilder;
  readonly #ladder: Ladder;
  #hasStarted = false;
  #isStopping = false;
  /** Cancels are under way, and a ladder waits for them. */
  #isClearing = false;
  #sequence = 0;

  constructor(
    instrument: Instrument,
    params: EngineParams,
    strategy: Strategy,
    execution: Execution,
  ) {
    this.#params = params;
    this.#execution = execution;
    this.#ledger = new Ledger(instrument, params.capital);
    this.#market = new MarketState(instrument, params.volatility, params.volatilitySource);
    this.#builder = new LadderBuilder(instrument, params.ladder, strategy);
    this.#ladder = new Ladder(LadderBuilder.capacity(params.ladder));
    this.#input = new PairInputs(instrument, params.capital);
    this.#input.takeCapital(this.#ledger);
  }

  get hasOpenOrders(): boolean {
    return this.#live.size > 0;
  }

  apply(event: EngineEvent): void {
    const nowMs = event.receivedTimeMs;
    if (nowMs >= this.#market.nextSampleMs) this.#market.sample(nowMs);
    this.#take(event);
    if (!this.#hasStarted || this.#market.midHalfTicks === 0) return;
    if (this.#isClearing && this.#live.size === 0) this.#placeAll(nowMs);
    else if (!this.#isClearing && this.#clock.isDue(nowMs, this.#market.midHalfTicks)) {
      this.#clear(nowMs);
    }
  }

  #take(event: EngineEvent): void {
    if (event.kind === "connection" && event.state === "up") this.#hasStarted = true;
    else if (event.kind === "book" && MarketState.problemOf(event) === null) {
      this.#market.onBook(event);
    } else if (event.kind === "fill") {
      this.counts.fills += 1;
      this.#ledger.bookFill(event.fill, this.#market.midHalfTicks);
      this.#input.takeCapital(this.#ledger);
      this.#clock.want("fill");
    } else if (event.kind === "order" && event.change !== "open") {
      if (event.change === "rejected") this.counts.rejected += 1;
      this.#live.delete(event.clientOrderId);
    } else if (event.kind === "operator" && event.command === "stop") {
      this.#isStopping = true;
      this.#clock.want("stop");
    }
  }

  #clear(nowMs: number): void {
    this.#isClearing = true;
    for (const id of this.#live) {
      this.counts.canceled += 1;
      this.#execution.cancel(id);
    }
    if (this.#live.size === 0) this.#placeAll(nowMs);
  }

  #placeAll(nowMs: number): void {
    this.#isClearing = false;
    const { midHalfTicks } = this.#market;
    const { requote, ladder } = this.#params;
    this.#input.takeMarket(this.#market, nowMs);
    const distance = (midHalfTicks * ladder.binStepBps * requote.requoteBinFraction) / 10_000;
    this.#clock.setInterval(nowMs, requote);
    this.#clock.renewed(midHalfTicks, distance);
    if (this.#isStopping) return;
    this.counts.ladders += 1;
    this.#builder.build(this.#input, this.#ladder);
    this.#placeSide("buy", this.#ladder.bids);
    this.#placeSide("sell", this.#ladder.asks);
  }

  #placeSide(side: Side, levels: LadderSide): void {
    for (let level = 0; level < levels.count; level += 1) {
      const { orderPrefix: prefix, pairId: pair, epoch } = this.#params;
      this.#sequence += 1;
      const sequence = this.#sequence;
      const clientOrderId = formatClientOrderId({ prefix, pair, role: "quote", epoch, sequence });
      this.#live.add(clientOrderId);
      this.counts.placed += 1;
      this.#execution.place({
        clientOrderId,
        side,
        type: "limit",
        timeInForce: "gtc",
        postOnly: true,
        reduceOnly: false,
        priceTicks: levels.priceTicks[level] ?? 0,
        quantityLots: levels.quantityLots[level] ?? 0,
      });
    }
  }
}
