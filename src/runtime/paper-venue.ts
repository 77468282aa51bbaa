/**
 * PaperConnection: a venue that trades with no money. The public market is the real one; orders go
 * to a simulated exchange in this process, which that market feeds, over a simulated wire with the
 * configured latency. Its clock is ours: the exchange has a message when we have it, and whatever
 * the feed took is part of what it looks like from here.
 */

import { orderIdPrefix } from "#config/engine-params.ts";
import type { PairConfig } from "#config/schema.ts";
import { simulatedAccount, simulatedHedgeAccount } from "#config/simulated-account.ts";
import { decimalOfNumber, plain } from "#domain/decimal.ts";
import type { BookEvent, MarkEvent, TradeEvent } from "#domain/events.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { OrderRequest } from "#domain/order.ts";
import type { CancelTimer } from "#net/timers.ts";
import type {
  ConnectionStatus,
  MarketListener,
  PublicMarket,
  VenueConnection,
  VenueListener,
} from "#ports/venue.ts";
import { constantLatency } from "#sim/latency-model.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import type { SimAccount } from "#sim/sim-account.ts";
import { SimExchange } from "#sim/sim-exchange.ts";
import { SimulatedLink } from "#sim/simulated-link.ts";
import type { VenueWorld } from "#venues/venue.ts";
import type { LegName } from "./legs.ts";

/** What may be done in one turn of the event loop, so that sockets get theirs. */
const MAX_STEPS_A_TURN = 1_000;

export class PaperConnection implements VenueConnection {
  readonly instrument: Instrument;
  readonly #market: PublicMarket;
  readonly #world: Pick<VenueWorld, "timers" | "nowMs">;
  readonly #link: SimulatedLink;
  readonly #exchange: SimExchange;
  #listener: VenueListener | null = null;
  #isUp = false;
  #isStopped = false;
  /** A perp's next settlement, as told last; 0: not told. */
  #fundingMs = 0;
  /** When the timer is due that carries messages over the wire; Infinity: there is none. */
  #dueMs = Infinity;
  #cancelTimer: CancelTimer = () => undefined;

  /**
   * @param market not started yet
   * @param leg of the pair that trades there
   * @throws {InputError} `bad-latency`, `bad-queue-model`, `bad-account`
   */
  constructor(
    market: PublicMarket,
    pair: PairConfig,
    world: Pick<VenueWorld, "timers" | "nowMs">,
    leg: LegName = "quote",
  ) {
    const { latencyMs, queue } = pair.simulation;
    const { instrument } = market;
    const { setup, fees } =
      leg === "quote" ? simulatedAccount(pair, instrument) : simulatedHedgeAccount(pair);
    this.instrument = instrument;
    this.#market = market;
    this.#world = world;
    const link = new SimulatedLink(constantLatency(latencyMs, latencyMs), orderIdPrefix(pair));
    this.#link = link;
    this.#exchange = new SimExchange({
      instrument,
      queueModel: parseQueueModel(queue),
      account: setup,
      fees,
      // Hyperliquid's stops go by the mark, Binance's by the last print.
      triggerOn: instrument.stopsFireOn,
      emit: (event) => link.onVenueEvent(event),
    });
  }

  /** What the simulated account holds: for checks, as a venue's own page would show it. */
  get account(): SimAccount {
    return this.#exchange.account;
  }

  start(listener: VenueListener): void {
    this.#listener = listener;
    this.#market.start(this.#marketListener(listener));
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer();
    this.#market.stop();
  }

  prices(intervalMs: number, count: number): Promise<readonly number[]> {
    return this.#market.prices(intervalMs, count);
  }

  status(): ConnectionStatus {
    return {
      feed: this.#market.status(),
      trading: this.#isStopped ? "closed" : "ready",
      reconnects: 0,
      clockOffsetMs: null,
      inFlight: this.#link.requests.size,
      // Set by the config: there is nothing to measure.
      roundTripMs: null,
      budgets: [],
      deadMansSwitch: { by: "guardian", reason: "paper orders end with this program" },
      newestTradeId: null,
    };
  }

  place(request: OrderRequest): void {
    this.#send((link) => link.place(request));
  }
  amend(clientOrderId: string, quantityLots: number): void {
    this.#send((link) => link.amend(clientOrderId, quantityLots));
  }
  replace(clientOrderId: string, request: OrderRequest): void {
    this.#send((link) => link.replace(clientOrderId, request));
  }
  cancel(clientOrderId: string): void {
    this.#send((link) => link.cancel(clientOrderId));
  }
  cancelAll(): void {
    this.#send((link) => link.cancelAll());
  }
  query(clientOrderId: string): void {
    this.#send((link) => link.query(clientOrderId));
  }
  reconcile(): void {
    this.#send((link) => link.reconcile());
  }

  /** Puts a command on the wire: nothing is answered within the call. */
  #send(command: (link: SimulatedLink) => void): void {
    if (this.#isStopped) return;
    this.#link.nowMs = this.#world.nowMs();
    command(this.#link);
    this.#arm();
  }

  #marketListener(listener: VenueListener): MarketListener {
    const exchange = this.#exchange;
    // Requests that were to arrive before this message find the market as it was before.
    const now = (): number => {
      const nowMs = this.#world.nowMs();
      this.#carry(nowMs);
      return nowMs;
    };
    return {
      onLevel: (isBid, ticks, lots) => {
        if (this.#isStopped) return;
        exchange.onLevel(isBid, ticks, lots, now());
        this.#arm();
      },
      onClear: () => {
        if (this.#isStopped) return;
        now();
        exchange.onClear();
      },
      onTrade: (event) => this.#onTrade(event, now(), listener),
      onBook: (event) => this.#onBook(event, now(), listener),
      onMark: (event) => this.#onMark(event, now(), listener),
      onAlive: (receivedTimeMs) => {
        if (this.#isStopped) return;
        const venueTimeMs = receivedTimeMs;
        listener.onEvent({ kind: "connection", state: "alive", venueTimeMs, receivedTimeMs });
      },
      onAlert: (alert) => listener.onAlert(alert),
    };
  }

  #onTrade(event: TradeEvent, nowMs: number, listener: VenueListener): void {
    if (this.#isStopped) return;
    const { aggressor, priceTicks, quantityLots } = event;
    this.#exchange.onTrade(aggressor === "buy", priceTicks, quantityLots, nowMs);
    this.#arm();
    listener.onEvent(event);
  }

  #onMark(event: MarkEvent, nowMs: number, listener: VenueListener): void {
    if (this.#isStopped) return;
    const markTicks = Math.round(event.priceTicks);
    this.#exchange.onMark(markTicks, nowMs);
    this.#settle(event, markTicks, nowMs);
    this.#arm();
    listener.onEvent(event);
  }

  /** Funding, at the venue's hour and by the rate that it told last. */
  #settle({ fundingRate, nextFundingMs }: MarkEvent, markTicks: number, nowMs: number): void {
    const isDue = this.#fundingMs > 0 && nowMs >= this.#fundingMs;
    const fundingId = `paper-${this.#fundingMs}`;
    this.#fundingMs = isDue && nextFundingMs <= nowMs ? 0 : nextFundingMs;
    if (!isDue || this.#exchange.account.positionLots === 0) return;
    const rate = plain(decimalOfNumber(fundingRate));
    const paid = this.#exchange.applyFunding(rate, markTicks, nowMs);
    const times = { venueTimeMs: nowMs, receivedTimeMs: nowMs };
    const amount = plain(paid.neg());
    this.#link.onVenueEvent({ kind: "funding", ...times, fundingId, amount });
  }

  #onBook(event: BookEvent, nowMs: number, listener: VenueListener): void {
    if (this.#isStopped) return;
    if (!this.#isUp && event.bidLots > 0 && event.askLots > 0) {
      // Orders make sense once there is a market to meet them.
      this.#isUp = true;
      const times = { venueTimeMs: nowMs, receivedTimeMs: nowMs };
      listener.onEvent({ kind: "connection", state: "up", ...times });
    }
    listener.onEvent(event);
  }

  /** Everything on the wire that is due: whatever is first, the exchange's side before ours. */
  #carry(nowMs: number): void {
    const { requests, responses } = this.#link;
    for (let step = 0; step < MAX_STEPS_A_TURN && !this.#isStopped; step += 1) {
      if (requests.nextMs <= responses.nextMs) {
        if (requests.nextMs > nowMs) return;
        this.#link.deliverNext(this.#exchange);
      } else {
        if (responses.nextMs > nowMs) return;
        const event = responses.shift();
        if (event !== undefined) this.#listener?.onEvent(event);
      }
    }
  }

  /** Sets the timer to what is due next on the wire. */
  #arm(): void {
    const { requests, responses } = this.#link;
    const dueMs = Math.min(requests.nextMs, responses.nextMs);
    if (dueMs >= this.#dueMs || this.#isStopped) return;
    this.#cancelTimer();
    this.#dueMs = dueMs;
    const delayMs = Math.max(0, dueMs - this.#world.nowMs());
    this.#cancelTimer = this.#world.timers.after(delayMs, () => {
      this.#dueMs = Infinity;
      this.#carry(this.#world.nowMs());
      this.#arm();
    });
  }
}
