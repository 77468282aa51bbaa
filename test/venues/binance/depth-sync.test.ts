import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { BookUpdate, FusedBook } from "#domain/fused-book.ts";
import { DepthSync } from "#venues/binance/depth-sync.ts";
import { type NaiveBook, setNaive, sorted } from "../../data/spot-recording.ts";
import { asksOf, bidsOf } from "../../domain/books.ts";

type Change = readonly [isBid: boolean, ticks: number, lots: number];

/** The venue: update i (counted from 1) is `changes[i - 1]`. */
class Truth {
  readonly #changes: readonly Change[];

  constructor(changes: readonly Change[]) {
    this.#changes = changes;
  }

  get lastId(): number {
    return this.#changes.length;
  }

  bookAt(id: number): NaiveBook {
    const book: NaiveBook = { bids: new Map(), asks: new Map() };
    for (const [isBid, ticks, lots] of this.#changes.slice(0, id)) {
      setNaive(isBid ? book.bids : book.asks, ticks, lots);
    }
    return book;
  }

  snapshotAt(id: number): BookUpdate {
    const { bids, asks } = this.bookAt(id);
    return updateOf(id, [...bids], [...asks]);
  }

  /** As the venue tells updates `first` to `last`: what each changed level is at the end. */
  eventOf(first: number, last: number): BookUpdate {
    const bids = new Map<number, number>();
    const asks = new Map<number, number>();
    for (const [isBid, ticks, lots] of this.#changes.slice(first - 1, last)) {
      (isBid ? bids : asks).set(ticks, lots);
    }
    return updateOf(last, [...bids], [...asks]);
  }
}

/** Somewhere within columns that hold other things before and behind it. */
function updateOf(
  lastId: number,
  bids: readonly (readonly [number, number])[],
  asks: readonly (readonly [number, number])[],
): BookUpdate {
  const levels = [[7, 7] as const, ...bids, ...asks, [8, 8] as const];
  const update = new BookUpdate();
  update.lastId = lastId;
  update.ticks = Int32Array.from(levels, ([ticks]) => ticks);
  update.lots = Float64Array.from(levels, ([, lots]) => lots);
  update.start = 1;
  update.bidEnd = 1 + bids.length;
  update.end = levels.length - 1;
  return update;
}

function expectBook(fused: FusedBook, truth: Truth, id: number): void {
  const { bids, asks } = truth.bookAt(id);
  expect(bidsOf(fused.book).toReversed()).toEqual(sorted(bids));
  expect(asksOf(fused.book)).toEqual(sorted(asks));
}

const change = fc.oneof(
  fc.tuple(fc.constant(true), fc.integer({ min: 80, max: 99 }), fc.nat(3)),
  fc.tuple(fc.constant(false), fc.integer({ min: 100, max: 119 }), fc.nat(3)),
);
/** What happens to one event on its way, and what comes beside it. */
const step = fc.record({
  updates: fc.integer({ min: 1, max: 5 }),
  fate: fc.constantFrom("told", "told", "told", "lost", "twice", "late", "cut-otherwise"),
  /** A snapshot so much behind the event (ahead of it where negative), or none. */
  snapshotLag: fc.option(fc.integer({ min: -4, max: 15 })),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
type Range = readonly [first: number, last: number];

/** The events of these steps as they arrive, each with the snapshot that comes behind it. */
function arrivals(steps: readonly Step[], lastId: number): (Range | { snapshotId: number })[] {
  const result: (Range | { snapshotId: number })[] = [];
  let late: Range | undefined;
  let id = 0;
  for (const { updates, fate, snapshotLag } of steps) {
    if (id + updates > lastId) break;
    const range: Range = [id + 1, id + updates];
    id += updates;
    const comes = late;
    late = fate === "late" ? range : undefined;
    if (fate === "told" || fate === "twice") result.push(range);
    if (fate === "twice") result.push(range);
    // Another connection draws the lines between events elsewhere.
    if (fate === "cut-otherwise") result.push([Math.max(1, range[0] - 2), id]);
    if (comes !== undefined) result.push(comes);
    if (snapshotLag !== null) {
      result.push({ snapshotId: Math.min(lastId, Math.max(0, id - snapshotLag)) });
    }
  }
  return result;
}

describe("depth sync", () => {
  test("whatever is lost, late or told twice, a joined book is the venue's at its last id", () => {
    const changes = fc.array(change, { minLength: 30, maxLength: 120 });
    const steps = fc.array(step, { maxLength: 60 });
    let gaps = 0;
    let joins = 0;
    fc.assert(
      fc.property(changes, steps, (all, path) => {
        const truth = new Truth(all);
        const fused = new FusedBook(() => undefined);
        const sync = new DepthSync(fused);
        /** Every event since the book was thrown away, and the id that the book must show. */
        let kept: Range[] = [];
        let shownId = 0;
        const join = (snapshotId: number) => {
          const isJoined = sync.join(truth.snapshotAt(snapshotId));
          expect(sync.isJoined).toBe(isJoined);
          if (!isJoined) return;
          joins += 1;
          shownId = kept.reduce((id, [, last]) => Math.max(id, last), snapshotId);
          expectBook(fused, truth, shownId);
        };
        const take = ([first, last]: Range) => {
          const wasJoined = sync.isJoined;
          const verdict = sync.takeDepth(first, truth.eventOf(first, last));
          if (verdict === "applied") shownId = last;
          if (verdict === "gap") {
            gaps += 1;
            kept = [];
          }
          if (!sync.isJoined) kept.push([first, last]);
          expect(verdict === "buffered").toBe(!wasJoined);
          // Nothing newer was passed over, and nothing that fits was refused.
          if (verdict === "ignored") expect(last).toBeLessThanOrEqual(shownId);
          if (verdict === "gap") expect(first).toBeGreaterThan(shownId + 1);
          if (sync.isJoined) expectBook(fused, truth, shownId);
          else expect(fused.book.isEmpty()).toBe(true);
        };
        for (const arrival of arrivals(path, truth.lastId)) {
          if (!("snapshotId" in arrival)) take(arrival);
          else if (!sync.isJoined) join(arrival.snapshotId);
        }
        // However it went, one snapshot of now is enough.
        if (!sync.isJoined) join(truth.lastId);
        expect(sync.isJoined).toBe(true);
        if (shownId < truth.lastId) take([shownId + 1, truth.lastId]);
        expectBook(fused, truth, truth.lastId);
      }),
      { numRuns: 300 },
    );
    expect(gaps).toBeGreaterThan(20);
    expect(joins).toBeGreaterThan(300);
  });

  test("a snapshot that ends right before the first event joins it, an older one does not", () => {
    const truth = new Truth(Array.from({ length: 10 }, (_, at) => [true, 80 + at, 1] as const));
    for (const [snapshotId, joins] of [
      [3, false],
      [4, true],
      [5, true],
      [9, true],
    ] as const) {
      const fused = new FusedBook(() => undefined);
      const sync = new DepthSync(fused);
      sync.takeDepth(5, truth.eventOf(5, 6));
      sync.takeDepth(7, truth.eventOf(7, 8));
      expect(sync.join(truth.snapshotAt(snapshotId))).toBe(joins);
      if (joins) expectBook(fused, truth, Math.max(8, snapshotId));
    }
  });

  test("keeps a bounded number of events, and what it dropped is a gap like any other", () => {
    const truth = new Truth(Array.from({ length: 2000 }, (_, at) => [true, 1 + at, 1] as const));
    const fused = new FusedBook(() => undefined);
    const sync = new DepthSync(fused);
    for (let id = 11; id <= 1500; id += 1) sync.takeDepth(id, truth.eventOf(id, id));
    expect(sync.join(truth.snapshotAt(10))).toBe(false);
    expect(sync.join(truth.snapshotAt(1400))).toBe(true);
    expectBook(fused, truth, 1500);
  });
});

describe("ids that make no sense do not freeze the book", () => {
  const truth = new Truth(
    Array.from({ length: 400 }, (_, at) => [at % 2 === 0, 1 + at, 1] as const),
  );

  function joinedAt(id: number): { fused: FusedBook; sync: DepthSync } {
    const fused = new FusedBook(() => undefined);
    const sync = new DepthSync(fused);
    expect(sync.join(truth.snapshotAt(id))).toBe(true);
    return { fused, sync };
  }

  /** One event an update from `first` on, and what came of each. */
  function verdicts(sync: DepthSync, first: number, count: number): string[] {
    return Array.from({ length: count }, (_, at) =>
      sync.takeDepth(first + at, truth.eventOf(first + at, first + at)),
    );
  }

  test("the venue counts from anew: the book is made anew too", () => {
    const { fused, sync } = joinedAt(300);
    expect(new Set(verdicts(sync, 1, 100))).toEqual(new Set(["ignored"]));
    expect(verdicts(sync, 101, 2)).toEqual(["gap", "buffered"]);
    expect(sync.join(truth.snapshotAt(101))).toBe(true);
    expectBook(fused, truth, 102);
  });

  test("a ticker from the far future does not hold its price for ever", () => {
    const { fused, sync } = joinedAt(10);
    fused.applyTicker(updateOf(1e15, [[5, 1]], [[6, 1]]));
    const all = verdicts(sync, 11, 110);
    expect(all.indexOf("gap")).toBeWithin(100, 103);
    expect(sync.join(truth.snapshotAt(120))).toBe(true);
    expectBook(fused, truth, 120);
  });

  test("a ticker that runs ahead of each event is no reason, nor are events told twice", () => {
    const { fused, sync } = joinedAt(10);
    for (let id = 11; id <= 300; id += 1) {
      fused.applyTicker(updateOf(id + 1, [[5, 1]], [[6, 1]]));
      const event = truth.eventOf(id, id);
      expect([sync.takeDepth(id, event), sync.takeDepth(id, event)]).toEqual([
        "applied",
        "ignored",
      ]);
    }
  });
});
