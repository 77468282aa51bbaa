/** A venue's main-thread part as a test wants it: answers, failures, and what it was asked. */

import type { Instrument, VenueId } from "#domain/instrument.ts";
import { isOwnedBy } from "#domain/order.ts";
import type { PerpState, PerpWants, SweepResult, VenueDesk } from "#ports/venue.ts";
import type { DeskOptions, VenueModule } from "#venues/venue.ts";
import { perpInstrument, spotInstrument } from "../domain/instruments.ts";

/** A perp without a position, at a mark price of 3, with margin for everything. */
export const FLAT_PERP: PerpState = {
  marginMode: "cross",
  leverage: 5,
  position: "0",
  entryValue: "0",
  freeMargin: "1000000",
  markPrice: "3",
  sinceTradeId: "SUI|0|0|0",
  warnings: [],
};

/** A venue with one book of open orders a symbol; any answer can be replaced. */
export class FakeVenue {
  /** Only binance-spot's has no perps, and Hyperliquid's few sockets. */
  readonly id: VenueId;
  readonly openOrders = new Map<string, Set<string>>();
  readonly opened: DeskOptions[] = [];
  /** Symbols, in the order of the calls. */
  readonly listed: string[] = [];
  readonly sweeps: string[] = [];
  balances: ReadonlyMap<string, string> = new Map([
    ["ETH", "100"],
    ["BTC", "100"],
    ["USDT", "100000"],
  ]);
  clockOffsetMs = 3;
  keyWarnings: readonly string[] = [];
  closed: string | null = null;
  /** Thrown by the call of that name, instead of an answer. */
  readonly failures = new Map<"openDesk" | keyof VenueDesk, Error>();
  /** Waited for by each call before it is answered. */
  onCall: (() => Promise<void>) | null = null;
  /** Calls that are never answered. */
  readonly mute = new Set<"openDesk" | keyof VenueDesk>();
  /** What a perp's preparation answers, by symbol; else it is flat. */
  readonly perps = new Map<string, Partial<PerpState>>();
  readonly prepared: [symbol: string, wants: PerpWants | null][] = [];
  /** What sweeps answer, one after another; then they do their work again. */
  readonly sweepAnswers: SweepResult[] = [];

  readonly module: VenueModule;

  constructor(id: VenueId = "binance-spot") {
    this.id = id;
    const onlyWorkers = (): never => {
      throw new Error("only workers connect");
    };
    this.module = {
      urls: {
        restUrl: "https://rest.test",
        wsApiUrl: "wss://ws.test",
        streamUrl: "wss://str.test",
      },
      openDesk: (options) =>
        this.#answer("openDesk", () => {
          this.opened.push(options);
          return { desk: this.#desk, budgets: { specs: [], memory: new SharedArrayBuffer(0) } };
        }),
      connect: onlyWorkers,
      openMarket: onlyWorkers,
      ...(id === "hyperliquid"
        ? { sharing: { maxOwnSockets: 8, maxSockets: 10, openFeed: onlyWorkers } }
        : {}),
    };
  }

  #instrument(symbol: string): Instrument {
    if (this.id === "hyperliquid") return perpInstrument({ symbol, base: symbol });
    const [, base = symbol, quote = "USDT"] = /^(.+)(USD[TC])$/.exec(symbol) ?? [];
    const kind = this.id === "binance-spot" ? "spot" : "perp";
    return spotInstrument({ venue: this.id, symbol, base, quote, kind });
  }

  open(symbol: string, ...clientOrderIds: string[]): void {
    const ids = this.openOrders.get(symbol) ?? new Set();
    for (const id of clientOrderIds) ids.add(id);
    this.openOrders.set(symbol, ids);
  }

  async #answer<Answer>(call: "openDesk" | keyof VenueDesk, answer: () => Answer): Promise<Answer> {
    if (this.mute.has(call)) return new Promise(() => undefined);
    const failure = this.failures.get(call);
    if (failure !== undefined) throw failure;
    if (this.onCall !== null) await this.onCall();
    return answer();
  }

  readonly #desk: VenueDesk = {
    clockOffsetMs: () => this.#answer("clockOffsetMs", () => this.clockOffsetMs),
    loadMarket: (symbol) =>
      this.#answer("loadMarket", () => {
        const instrument = this.#instrument(symbol);
        return { instrument, data: { symbol }, closed: this.closed };
      }),
    preparePerp: (symbol, wants) =>
      this.#answer("preparePerp", () => {
        this.prepared.push([symbol, wants]);
        return { ...FLAT_PERP, ...wants, ...this.perps.get(symbol) };
      }),
    checkKey: () => this.#answer("checkKey", () => this.keyWarnings),
    balances: () => this.#answer("balances", () => this.balances),
    openOrderIds: (symbol, owner) =>
      this.#answer("openOrderIds", () => {
        this.listed.push(symbol);
        return [...(this.openOrders.get(symbol) ?? [])].filter((id) => isOwnedBy(owner, id));
      }),
    sweep: async (symbol, owner) => {
      this.sweeps.push(symbol);
      await Promise.resolve();
      const answer = this.sweepAnswers.shift();
      if (answer !== undefined) return answer;
      const ids = this.openOrders.get(symbol) ?? new Set<string>();
      const ours = [...ids].filter((id) => isOwnedBy(owner, id));
      for (const id of ours) ids.delete(id);
      return { canceled: ours.length, left: [], problem: null };
    },
  };
}
