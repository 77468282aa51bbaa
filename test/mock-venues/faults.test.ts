/** The mock venues' faults: scripts, hooks, chance, and what is done to a connection. */

import { describe, expect, test } from "bun:test";
import { InputError } from "#domain/errors.ts";
import { BINANCE_SPOT_FAULTS } from "#mock-venues/binance-spot/fault-rules.ts";
import { FaultyDelivery } from "#mock-venues/fault-actions.ts";
import { COMMON_FAULT_KINDS, type FaultKind } from "#mock-venues/fault-script.ts";
import { Faults } from "#mock-venues/faults.ts";
import { HYPERLIQUID_FAULTS } from "#mock-venues/hyperliquid/fault-rules.ts";
import { ManualTimers } from "../net/support.ts";

class Setup {
  readonly timers = new ManualTimers();
  /** What was done to the venue as a whole: `skew 3000@0`. */
  readonly venue: string[] = [];
  readonly faults: Faults;

  constructor() {
    this.faults = new Faults(BINANCE_SPOT_FAULTS, this.timers, {
      setClockSkew: (skewMs) => this.#note(`skew ${skewMs}`),
      setStatus: (status) => this.#note(status),
      shutDown: (graceMs) => this.#note(`shutdown ${graceMs}`),
    });
  }

  arm(...faults: readonly object[]): void {
    this.faults.arm({ faults }, "test");
  }

  /** Kinds that strike so many requests of a method. */
  requests(method: string, count: number, transport: "rest" | "ws-api" = "ws-api"): string[] {
    return Array.from({ length: count }, () => {
      return this.faults.forRequest(transport, method)?.kind ?? "-";
    });
  }

  #note(what: string): void {
    this.venue.push(`${what}@${Math.round(this.timers.elapsedMs())}`);
  }
}

function problemOf(script: unknown): string {
  try {
    new Setup().faults.arm(script, "faults.json");
  } catch (thrown) {
    if (thrown instanceof InputError && thrown.where === "faults.json") return thrown.message;
    throw thrown;
  }
  return "accepted";
}

describe("a fault script", () => {
  test("is accepted where it is right", () => {
    for (const kind of COMMON_FAULT_KINDS)
      expect(problemOf({ faults: [{ kind }] })).toBe("accepted");
    expect(problemOf({})).toBe("accepted");
    expect(problemOf({ seed: 7, random: { everyMs: 2000, kinds: ["ban"] } })).toBe("accepted");
  });

  test.each([
    [{ faults: [{ kind: "ban" }, { kind: "delay", ms: 0 }] }, "faults.1.ms: must be at least 1"],
    [{ faults: [{ kind: "delay", ms: "5" }] }, "faults.0.ms: must be a number"],
    [{ faults: [{ kind: "ban", secs: 5 }] }, "faults.0.secs: is no known field"],
    [{ faults: [{ kind: "drop-respons" }] }, 'faults.0.kind: "drop-respons" is no kind of fault'],
    [{ faults: [{ kind: "delay", count: 0.5 }] }, "faults.0.count: must be a whole number"],
    [{ faults: [{ kind: "delay", transport: "tcp" }] }, "faults.0.transport: must be"],
    [{ faults: [{ kind: "stream-gap", method: "x" }] }, "faults.0.method: is no known field"],
    [{ faults: [{ kind: "maintenance", status: "HALT" }] }, "faults.0.status: must be"],
    [{ faults: "all" }, "faults: must be a list"],
    [{ random: {} }, "random.everyMs: is missing"],
    [{ random: { everyMs: 5, kinds: [] } }, "random.kinds: must name at least one kind"],
    [{ random: { everyMs: 5, kinds: ["bann"] } }, 'random.kinds.0: "bann" is no kind of fault'],
    [{ fault: [] }, "fault: is no known field"],
    [[], "the script: must be an object"],
    [null, "the script: must be an object"],
  ])("%j: what is wrong, and where", (script, problem) => {
    expect(problemOf(script)).toContain(problem);
  });

  test("with a mistake orders nothing, and too many at once are refused", () => {
    const { faults } = new Setup();
    const script = { faults: [{ kind: "ban" }, { kind: "bann" }] };
    expect(() => faults.arm(script, "test")).toThrow(InputError);
    expect(faults.counts()["ban"]).toEqual({ armed: 0, fired: 0 });
    const thousand = Array.from({ length: 1000 }, () => ({ kind: "ban" }));
    for (let time = 0; time < 10; time += 1) faults.arm({ faults: thousand }, "test");
    expect(() => faults.arm({ faults: [{ kind: "ban" }] }, "test")).toThrow("waiting");
  });
});

describe("request faults", () => {
  test("strike the method that they name, so often, and not before their time", () => {
    const setup = new Setup();
    setup.arm({ kind: "drop-response", method: "order.place", count: 2, afterMs: 2000 });
    expect(setup.requests("order.place", 1)).toEqual(["-"]);
    setup.timers.advance(2000);
    expect(setup.requests("order.cancel", 1)).toEqual(["-"]);
    expect(setup.requests("order.place", 3)).toEqual(["drop-response", "drop-response", "-"]);
    expect(setup.faults.counts()["drop-response"]).toEqual({ armed: 0, fired: 2 });
  });

  test("that lose an outcome strike what changes orders; others strike anything", () => {
    const setup = new Setup();
    setup.arm({ kind: "error-5xx-accepted" }, { kind: "delay", ms: 7, transport: "rest" });
    expect(setup.requests("account.status", 1)).toEqual(["-"]);
    expect(setup.faults.forRequest("rest", "account.status")).toMatchObject({
      kind: "delay",
      ms: 7,
    });
    expect(setup.requests("order.cancelReplace", 2)).toEqual(["error-5xx-accepted", "-"]);
  });

  test("come in the order in which they were ordered", () => {
    const setup = new Setup();
    setup.arm({ kind: "ban" }, { kind: "half-open" }, { kind: "rate-limit" });
    expect(setup.requests("ping", 4)).toEqual(["ban", "half-open", "rate-limit", "-"]);
  });
});

describe("faults of the whole venue", () => {
  test("begin at their time, end by themselves, and wait for one another", () => {
    const { arm, timers, venue, faults } = bound(new Setup());
    arm(
      { kind: "clock-jump", skewMs: -4000, forMs: 300, afterMs: 100 },
      { kind: "maintenance", status: "BREAK", forMs: 1000, count: 2 },
      { kind: "server-shutdown", graceMs: 50, afterMs: 700 },
    );
    timers.advance(5000);
    expect(venue).toEqual([
      "BREAK@0",
      "skew -4000@100",
      "skew 0@400",
      "shutdown 50@700",
      "TRADING@1000",
      "BREAK@1000",
      "TRADING@2000",
    ]);
    expect(timers.pending).toBe(0);
    expect(faults.counts()["maintenance"]).toEqual({ armed: 0, fired: 2 });
  });

  test("are ended by clear, which forgets all that waits", () => {
    const { arm, timers, venue, faults } = bound(new Setup());
    faults.arm({ random: { everyMs: 100 } }, "test");
    arm({ kind: "maintenance" }, { kind: "clock-jump", afterMs: 9000 }, { kind: "ban" });
    faults.clear();
    timers.advance(60_000);
    expect(venue).toEqual(["CANCEL_ONLY@0", "TRADING@0"]);
    expect(faults.forRequest("rest", "ping")).toBeNull();
    expect(timers.pending).toBe(0);
  });
});

describe("random faults", () => {
  /** Ten minutes of steady traffic; what struck when. */
  function run(seed: number, kinds: readonly FaultKind[]): { log: string[]; setup: Setup } {
    const setup = new Setup();
    const { faults, timers } = setup;
    faults.arm({ seed, random: { everyMs: 500, kinds } }, "test");
    const log: string[] = [];
    for (let step = 0; step < 12_000; step += 1) {
      timers.advance(50);
      const struck = [
        faults.forRequest("ws-api", step % 2 === 0 ? "order.place" : "order.cancel"),
        faults.forUserEvent(),
        faults.forStream(step % 3 === 0 ? "depth@100ms" : "bookTicker"),
      ];
      for (const fault of struck) if (fault !== null) log.push(`${step} ${JSON.stringify(fault)}`);
    }
    return { log: [...log, ...setup.venue], setup };
  }

  test("of every kind strike equally often and end by themselves", () => {
    const { setup } = run(7, COMMON_FAULT_KINDS);
    const fired = Object.values(setup.faults.counts()).map((count) => count.fired);
    expect(fired).toHaveLength(COMMON_FAULT_KINDS.length);
    expect(Math.min(...fired)).toBeGreaterThanOrEqual(20);
    expect(Math.max(...fired) - Math.min(...fired)).toBeLessThanOrEqual(2);
    const skews = setup.venue.filter((what) => what.startsWith("skew"));
    const ends = skews.filter((what) => what.startsWith("skew 0@"));
    expect(skews.length - 2 * ends.length).toBeLessThanOrEqual(1);
  });

  test("are the same for the same seed and requests, and others for another seed", () => {
    const { log } = run(11, COMMON_FAULT_KINDS);
    expect(run(11, COMMON_FAULT_KINDS).log).toEqual(log);
    expect(run(12, COMMON_FAULT_KINDS).log).not.toEqual(log);
  });

  test("that find nothing to strike do not pile up", () => {
    const { timers, faults } = new Setup();
    faults.arm({ random: { everyMs: 10, kinds: ["ban", "stream-gap"] } }, "test");
    timers.advance(10_000);
    expect(faults.counts()["ban"]).toEqual({ armed: 3, fired: 0 });
    expect(faults.counts()["stream-gap"]).toEqual({ armed: 3, fired: 0 });
  });
});

describe("a venue's own rules", () => {
  test("are what random faults are drawn by: kinds, statuses, and what changes orders", () => {
    const timers = new ManualTimers();
    const statuses = new Set<string>();
    const faults = new Faults(HYPERLIQUID_FAULTS, timers, {
      setClockSkew: () => undefined,
      setStatus: (status) => statuses.add(status),
      shutDown: () => undefined,
    });
    faults.arm({ seed: 3, random: { everyMs: 500 } }, "test");
    for (let step = 0; step < 6000; step += 1) {
      timers.advance(50);
      faults.forRequest("ws", step % 2 === 0 ? "cancelByCloid" : "batchModify");
      faults.forStream(step % 3 === 0 ? "bbo" : "trades");
      faults.forUserEvent();
    }
    const counts = faults.counts();
    expect(Object.keys(counts)).toEqual(
      COMMON_FAULT_KINDS.filter((kind) => kind !== "ban" && kind !== "server-shutdown"),
    );
    expect(Math.min(...Object.values(counts).map(({ fired }) => fired))).toBeGreaterThan(10);
    expect([...statuses].toSorted()).toEqual(["HALT", "OPEN", "POST_ONLY"]);
  });
});

describe("faulty delivery", () => {
  class Wire extends Setup {
    readonly out: string[] = [];
    readonly connection = {
      send: (text: string) => this.out.push(text),
      cut: () => this.out.push("(cut)"),
    };
    readonly delivery = new FaultyDelivery(this.faults, this.timers);

    deliver(...texts: readonly string[]): void {
      for (const text of texts) this.delivery.deliver(this.connection, "depth@100ms", text);
    }
  }

  function wire(kind: FaultKind, settings: object = {}): Wire {
    const made = new Wire();
    made.arm({ kind, ...settings });
    return made;
  }

  test("does nothing where no fault is ordered", () => {
    const plain = new Wire();
    plain.deliver("a", "b");
    expect(plain.out).toEqual(["a", "b"]);
    expect(plain.timers.pending).toBe(0);
  });

  test("gap, duplicate, reorder, garbage and disconnect", () => {
    const seen = (
      [
        "stream-gap",
        "stream-duplicate",
        "stream-reorder",
        "stream-garbage",
        "stream-disconnect",
      ] as const
    ).map((kind) => {
      const one = wire(kind);
      one.deliver("a", "b", "c");
      return one.out;
    });
    expect(seen.map((out) => out.map((text) => (text.length > 9 ? "?" : text)).join(" "))).toEqual([
      "b c",
      "a a b c",
      "b a c",
      "? a b c",
      "(cut) b c",
    ]);
    expect(() => JSON.parse(seen[3]?.[0] ?? "{}")).toThrow();
  });

  test("a delay holds back all that comes behind, in order", () => {
    const one = wire("stream-delay", { ms: 300 });
    one.deliver("a", "b");
    one.delivery.send(one.connection, "answer");
    one.timers.advance(299);
    expect(one.out).toEqual([]);
    one.timers.advance(1);
    one.deliver("c");
    expect(one.out).toEqual(["a", "b", "answer", "c"]);
  });

  test("a message that nothing overtakes comes all the same", () => {
    const one = wire("stream-reorder");
    one.deliver("a");
    one.timers.advance(1000);
    expect(one.out).toEqual(["a"]);
  });

  test("half-open: silence both ways, then the end", () => {
    const one = wire("stream-half-open", { forMs: 8000 });
    one.deliver("a", "b");
    one.delivery.send(one.connection, "answer");
    expect(one.delivery.isSilent(one.connection)).toBe(true);
    one.timers.advance(7999);
    expect(one.out).toEqual([]);
    one.timers.advance(1);
    expect(one.out).toEqual(["(cut)"]);
  });

  test("user events have faults of their own; a client too far behind is cut", () => {
    const one = wire("user-event-duplicate");
    one.delivery.deliverUserEvent(one.connection, "fill");
    expect(one.out).toEqual(["fill", "fill"]);
    const behind = wire("user-event-delay", { ms: 5000 });
    for (let message = 0; message < 10_001; message += 1) {
      behind.delivery.deliverUserEvent(behind.connection, "x");
    }
    behind.timers.advance(5000);
    expect(behind.out).toEqual(["(cut)"]);
  });
});

/** Methods that can be taken out of their object. */
function bound(setup: Setup) {
  const { timers, venue, faults } = setup;
  return { timers, venue, faults, arm: (...all: readonly object[]) => setup.arm(...all) };
}
