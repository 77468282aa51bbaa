/**
 * A pair that hedges: the same events give the same bytes, of both legs and with every word of its
 * story, whatever the caller does with an event afterwards, the one within included.
 */

import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { EngineEvent, HedgeEvent } from "#domain/events.ts";
import type { OrderRequest } from "#domain/order.ts";
import { PairEngine } from "#engine/pair-engine.ts";
import type { Execution } from "#ports/sink.ts";
import { type HedgeDay, type HedgeWorld, hedgeDay, paramsOf, playHedge } from "./hedge-world.ts";
import { type Call, ETH, RecordingSink, strategy } from "./setup.ts";

/** Both legs in one list, in the order of the calls. */
class BothLegs extends RecordingSink {
  readonly hedge: Execution;

  constructor() {
    super();
    const tell = (call: Call): void => {
      this.calls.push(Object.assign(call, { leg: "hedge" }));
    };
    this.hedge = {
      place: (request: OrderRequest) => tell({ call: "place", request }),
      amend: (id: string, quantityLots: number) => tell({ call: "amend", id, quantityLots }),
      replace: (id: string, request: OrderRequest) => tell({ call: "replace", id, request }),
      cancel: (id: string) => tell({ call: "cancel", id }),
      cancelAll: () => tell({ call: "cancelAll" }),
      query: (id: string) => tell({ call: "query", id }),
      reconcile: () => tell({ call: "reconcile" }),
    };
  }
}

/** Every call that a day's events lead to, as text. @param asGiven what is handed to the engine */
function callsOf(
  { day, events, reconfigured }: HedgeWorld,
  asGiven: (event: EngineEvent) => EngineEvent,
  after: (event: EngineEvent) => void,
): string {
  const sink = new BothLegs();
  const engine = new PairEngine(ETH, paramsOf(day), strategy("spot"), sink);
  for (const [index, event] of structuredClone(events).entries()) {
    for (const { at, params } of reconfigured) {
      if (at === index) engine.reconfigure(params, strategy("spot"));
    }
    const given = asGiven(event);
    engine.apply(given);
    after(given);
  }
  return JSON.stringify(sink.calls);
}

/** One wrapper for all news of the hedge venue, and within it one object for each kind. */
function reused(): (event: EngineEvent) => EngineEvent {
  const inner = new Map<string, object>();
  let wrapper: HedgeEvent | null = null;
  return (event) => {
    if (event.kind !== "hedge") return event;
    const within = inner.get(event.event.kind) ?? {};
    inner.set(event.event.kind, within);
    for (const key of Object.keys(within)) Reflect.deleteProperty(within, key);
    Object.assign(within, event.event);
    wrapper ??= { ...event };
    return Object.assign(wrapper, event, { event: within });
  };
}

/** Overwrites all that an event holds. */
function scramble(value: object): void {
  for (const [key, field] of Object.entries(value)) {
    if (Array.isArray(field)) field.length = 0;
    else if (typeof field === "object" && field !== null) scramble(field);
    else Reflect.set(value, key, typeof field === "number" ? -1 : "reused");
  }
}

function same(event: EngineEvent): EngineEvent {
  return event;
}

/** For a busy machine: it takes some seconds. */
const TIMEOUT_MS = 120_000;

test(
  "the same events twice, and events reused by their caller: the same bytes",
  () => {
    let hedgeOrders = 0;
    fc.assert(
      fc.property(hedgeDay, (day: HedgeDay) => {
        const world = playHedge(day);
        const once = callsOf(world, same, () => {});
        expect(callsOf(world, same, () => {})).toBe(once);
        expect(callsOf(world, same, scramble)).toBe(once);
        expect(callsOf(world, reused(), scramble)).toBe(once);
        hedgeOrders += once.split('"kind":"hedge-order"').length - 1;
      }),
      { numRuns: 8 },
    );
    expect(hedgeOrders).toBeGreaterThan(15);
  },
  TIMEOUT_MS,
);
