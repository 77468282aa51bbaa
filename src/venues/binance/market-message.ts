/**
 * MarketMessage: one message of Binance's public streams as parsed, reused from message to message;
 * prices in ticks, sizes in lots. Pure; imports nothing.
 */

export const MarketKind = {
  depth: 0,
  ticker: 1,
  trade: 2,
  /** The answer of REST `depth`, which recordings hold between the messages of the streams. */
  snapshot: 3,
  /** The server is about to go: connect elsewhere. */
  shutdown: 4,
  /** The server could not do what it was asked on this connection. */
  refusal: 5,
  /** A stream that nobody reads here, or the answer to a subscription. */
  other: 6,
  /** Of a perp: its mark price and funding. */
  mark: 7,
} as const;

/** Levels of one message, bids first. A ticker has one of each; a print is its only level. */
export class LevelList {
  ticks = new Int32Array(64);
  lots = new Float64Array(64);
  length = 0;
  /** How many of them are bids. */
  bidCount = 0;

  clear(): void {
    this.length = 0;
    this.bidCount = 0;
  }

  push(ticks: number, lots: number): void {
    if (this.length === this.ticks.length) {
      this.ticks = new Int32Array(this.ticks.buffer.transfer(this.ticks.byteLength * 2));
      this.lots = new Float64Array(this.lots.buffer.transfer(this.lots.byteLength * 2));
    }
    this.ticks[this.length] = ticks;
    this.lots[this.length] = lots;
    this.length += 1;
  }
}

/** Fields that its kind does not have are 0. */
export class MarketMessage {
  /** One of MarketKind. */
  kind = 0;
  /** When the venue sent it, by the venue's clock; not of a snapshot, nor of a ticker of spot. */
  eventMs = 0;
  /** When it happened: by the matching engine where the venue says so, else `eventMs`. */
  venueMs = 0;
  /**
   * Book update ids of depth (first and last), ticker and snapshot; the id of a print. Each depth
   * event begins right behind the one before. USD-M leaves ids out and names that one instead
   * (`pu`): its first is the one behind that.
   */
  firstId = 0;
  lastId = 0;
  /** Of a print: whether the seller took. */
  sellerTook = false;
  readonly levels = new LevelList();
  /** How many of its sizes were no whole number of lots. */
  offGridSizes = 0;
  /** The server's words in a refusal, the name of another stream; else empty. */
  text = "";
  /** Of a mark: see MarkEvent. */
  markTicks = 0;
  fundingRate = 0;
  nextFundingMs = 0;

  reset(kind: number): void {
    this.kind = kind;
    this.eventMs = 0;
    this.venueMs = 0;
    this.firstId = 0;
    this.lastId = 0;
    this.sellerTook = false;
    this.levels.clear();
    this.offGridSizes = 0;
    this.text = "";
    this.markTicks = 0;
    this.fundingRate = 0;
    this.nextFundingMs = 0;
  }

  /**
   * A size that is no whole number of lots, rounded from its whole part. Venues have such levels:
   * orders older than the last change of the lot. A level is rounded up, so that the queue before
   * us is never understated and no level vanishes; a print down, so that it never fills us more.
   */
  roundedLots(wholeLots: number): number {
    this.offGridSizes += 1;
    return this.kind === MarketKind.trade ? wholeLots : wholeLots + 1;
  }
}
