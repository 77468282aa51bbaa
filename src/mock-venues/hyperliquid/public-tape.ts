/**
 * Tape: the public prints of one coin as the venue tells them, with ids, hashes and users made up
 * (seeded). Bounded. May import domain and this folder.
 */

import type { Instrument } from "#domain/instrument.ts";
import type { Rng } from "#domain/rng.ts";
import type { Print } from "../candles.ts";
import type { PublicTrade } from "./market-data.ts";
import { priceText, sizeText } from "./wire-numbers.ts";

const MAX_TRADES = 1000;
const FEWEST_OPEN_LOTS = 100_000;
const MOST_OPEN_LOTS = 10_000_000;
/** Trade ids are hashes of 50 bits. */
const TID_SPREAD = 2 ** 25;

export class Tape {
  readonly #coin: string;
  readonly #instrument: Instrument;
  readonly #rng: Rng;
  /** Of everybody; it stays as it is. */
  readonly openInterestLots: number;
  readonly #trades: PublicTrade[] = [];
  readonly #moment: Print[] = [];

  constructor(coin: string, instrument: Instrument, rng: Rng) {
    this.#coin = coin;
    this.#instrument = instrument;
    this.#rng = rng;
    this.openInterestLots = FEWEST_OPEN_LOTS + rng.integer(MOST_OPEN_LOTS);
  }

  /** A print of the moment that happens. */
  print(print: Omit<Print, "id">): void {
    this.#moment.push({ ...print, id: randomTid(this.#rng) });
  }

  /** Ends the moment. @returns its prints, in order */
  takeMoment(each: (print: Print) => void): readonly PublicTrade[] {
    if (this.#moment.length === 0) return [];
    const hash = randomHex(this.#rng, 32);
    const trades = this.#moment.map((print) => this.#trade(print, hash));
    for (const print of this.#moment) each(print);
    this.#moment.length = 0;
    this.#trades.push(...trades);
    const excess = this.#trades.length - MAX_TRADES;
    if (excess > MAX_TRADES) this.#trades.splice(0, excess);
    return trades;
  }

  /** Newest last. */
  newest(limit: number): readonly PublicTrade[] {
    return this.#trades.slice(-Math.min(limit, MAX_TRADES));
  }

  #trade({ id, timeMs, ticks, lots, aggressorIsBuy }: Print, hash: string): PublicTrade {
    return {
      coin: this.#coin,
      side: aggressorIsBuy ? "B" : "A",
      px: priceText(this.#instrument, ticks),
      sz: sizeText(this.#instrument, lots),
      time: Math.floor(timeMs),
      hash,
      tid: id,
      users: [randomHex(this.#rng, 20), randomHex(this.#rng, 20)],
    };
  }
}

export function randomTid(rng: Rng): number {
  return rng.integer(TID_SPREAD) * TID_SPREAD + rng.integer(TID_SPREAD);
}

/** `0x` and so many random bytes. */
export function randomHex(rng: Rng, bytes: number): string {
  const byte = (): string => rng.integer(256).toString(16).padStart(2, "0");
  return `0x${Array.from({ length: bytes }, byte).join("")}`;
}
