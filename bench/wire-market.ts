/**
 * The markets of the wire venue: a book of twenty levels a side around a mid that is told where to
 * go, as the messages of Binance Spot's streams. Pure but for the time of day.
 */

const LEVELS = 20;
/** The touch is two ticks wide. */
const HALF_SPREAD = 1;

export class WireMarket {
  readonly symbol: string;
  /** Of cents. */
  midTicks: number;
  #updateId = 1_000_000;
  /** Update and mid of the last depth message. */
  #depthId = 1_000_000;
  #depthMidTicks: number;

  constructor(symbol: string, midTicks: number) {
    this.symbol = symbol;
    this.midTicks = midTicks;
    this.#depthMidTicks = midTicks;
  }

  /** A bookTicker with the mid there. */
  ticker(midTicks: number): string {
    this.midTicks = midTicks;
    this.#updateId += 1;
    const bid = priceOf(midTicks - HALF_SPREAD);
    const ask = priceOf(midTicks + HALF_SPREAD);
    return (
      `{"stream":"${this.symbol.toLowerCase()}@bookTicker","data":{"u":${this.#updateId},` +
      `"s":"${this.symbol}","b":"${bid}","B":"31.21000000","a":"${ask}","A":"40.66000000"}}`
    );
  }

  /** A depth message that brings the levels behind the touch to where the mid is now. */
  depth(): string {
    const first = this.#depthId + 1;
    this.#updateId += 1;
    this.#depthId = this.#updateId;
    const gone = this.#depthMidTicks;
    this.#depthMidTicks = this.midTicks;
    const bids = side(-1, this.midTicks, gone);
    const asks = side(1, this.midTicks, gone);
    return (
      `{"stream":"${this.symbol.toLowerCase()}@depth@100ms","data":{"e":"depthUpdate",` +
      `"E":${Date.now()},"s":"${this.symbol}","U":${first},"u":${this.#depthId},` +
      `"b":${JSON.stringify(bids)},"a":${JSON.stringify(asks)}}}`
    );
  }

  /** The answer of `depth`. */
  snapshot(): unknown {
    const bids = side(-1, this.#depthMidTicks, this.#depthMidTicks);
    const asks = side(1, this.#depthMidTicks, this.#depthMidTicks);
    return { lastUpdateId: this.#depthId, bids, asks };
  }
}

function priceOf(ticks: number): string {
  return `${(ticks / 100).toFixed(2)}000000`;
}

/** Twenty levels around the mid, and the removal of those around the mid before. */
function side(direction: 1 | -1, midTicks: number, oldMidTicks: number): [string, string][] {
  const ticksAt = (mid: number, level: number): number => mid + direction * (HALF_SPREAD + level);
  const levels = Array.from({ length: LEVELS }, (_, level) => level);
  const kept = new Set(levels.map((level) => ticksAt(midTicks, level)));
  const gone = levels.map((level) => ticksAt(oldMidTicks, level)).filter((t) => !kept.has(t));
  return [
    ...[...kept].map((ticks): [string, string] => [priceOf(ticks), "31.21000000"]),
    ...gone.map((ticks): [string, string] => [priceOf(ticks), "0.00000000"]),
  ];
}
