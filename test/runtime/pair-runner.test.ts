/** What drives the core: the order of a start, time, commands, updates and the stop. */

import { describe, expect, test } from "bun:test";
import type { StrategySource } from "#config/load-strategy.ts";
import type { PairConfig } from "#config/schema.ts";
import { messageOf } from "#domain/errors.ts";
import type { ConnectionEvent } from "#domain/events.ts";
import { pairWith, Stage, spot } from "./runner-stage.ts";

describe("a start", () => {
  test("asks for history, then connects, sweeps, compares and quotes", async () => {
    const stage = new Stage();
    await stage.quoting();
    const [first, second, third, fourth] = stage.connection.calls;
    expect([first, second, third, fourth]).toEqual([
      "prices 1000 1000",
      "start",
      "cancelAll",
      "reconcile",
    ]);
    expect(stage.runner.status().state).toBe("quoting");
    expect(stage.prices()).toEqual([
      "buy 1998",
      "buy 1996",
      "buy 1994",
      "sell 2002",
      "sell 2004",
      "sell 2006",
    ]);
    // The epoch that was handed in is part of each id.
    expect(stage.ids().every((id) => id.startsWith("mm-ETH-q3-"))).toBe(true);
  });

  test("warms the volatility up with the history", async () => {
    const stage = new Stage({ volatility: { shortWindow: 5, longWindow: 20, historyLimit: 30 } });
    stage.connection.history = () =>
      Promise.resolve(Array.from({ length: 30 }, (_, index) => 2000 + (index % 2)));
    await stage.runner.start();
    expect(stage.connection.calls[0]).toBe("prices 1000 30");
    expect(stage.runner.status().volatilityPct).toBeGreaterThan(0);
  });

  const failing: readonly [why: string, history: () => Promise<readonly number[]>, text: string][] =
    [
      ["the venue fails", () => Promise.reject(new Error("no route")), "no route"],
      [
        "it throws",
        () => {
          throw new Error("a bug");
        },
        "a bug",
      ],
      ["a price is none", () => Promise.resolve([2000, Number.NaN]), "a price of NaN"],
      ["there are none", () => Promise.resolve([]), "the venue has none"],
    ];
  test.each(failing)(
    "goes on without history where %s, and says so",
    async (_why, history, text) => {
      const stage = new Stage();
      stage.connection.history = history;
      await stage.quoting();
      expect(stage.runner.status().state).toBe("quoting");
      const alerts = stage.alerts.filter(({ code }) => code === "history");
      expect(alerts.map(({ message }) => message)).toEqual([expect.stringContaining(text)]);
      expect(stage.failures).toEqual([]);
    },
  );

  test("waits five seconds for history, with the time going on meanwhile", async () => {
    const stage = new Stage();
    stage.connection.history = () => new Promise(() => undefined);
    const started = stage.runner.start();
    stage.world.timers.advance(4_999);
    await Promise.resolve();
    expect(stage.connection.calls).toEqual(["prices 1000 1000"]);
    stage.world.timers.advance(1);
    await started;
    expect(stage.connection.calls).toEqual(["prices 1000 1000", "start"]);
    expect(stage.alerts.map(({ code }) => code)).toEqual(["history"]);
  });

  test("a command before it holds: a pair that was paused starts paused", async () => {
    const stage = new Stage();
    stage.runner.command("pause");
    await stage.quoting();
    expect(stage.runner.status().state).toBe("paused");
    expect(stage.connection.open.size).toBe(0);
    stage.runner.command("resume");
    stage.settle();
    expect(stage.prices()).toHaveLength(6);
  });

  test("after a warm-up nothing of it is left, and the first ladder is the same", async () => {
    const cold = new Stage();
    await cold.quoting();
    const warm = new Stage({}, 1_000);
    await warm.quoting();
    expect(warm.connection.calls).toEqual(cold.connection.calls);
    expect(warm.runner.status()).toEqual(cold.runner.status());
    expect(warm.audits).toEqual(cold.audits);
  });
});

describe("time", () => {
  test("is told every 50 ms: a feed that falls silent pulls the quotes after 3 s", async () => {
    const stage = new Stage();
    await stage.quoting();
    stage.asked();
    stage.world.timers.advance(2_900);
    expect(stage.asked()).toEqual([]);
    stage.world.timers.advance(200);
    expect(stage.asked()).toEqual(["cancelAll"]);
    expect(stage.runner.status().reasons.join()).toContain("stale-book");
  });

  test("never goes back, whatever the clock and an event say", async () => {
    const stage = new Stage();
    await stage.quoting();
    const before = stage.runner.status().timeMs;
    stage.world.offsetMs = -10_000;
    const event = aliveAt(5);
    stage.connection.tell(event);
    expect(event.receivedTimeMs).toBe(before);
    const noTime = aliveAt(Number.NaN);
    stage.connection.tell(noTime);
    expect(noTime.receivedTimeMs).toBe(before);
    expect(stage.runner.status().timeMs).toBe(before);
  });
});

describe("commands", () => {
  test("pause leaves nothing open, resume brings the orders back", async () => {
    const stage = new Stage();
    await stage.quoting();
    stage.asked();
    stage.runner.command("pause");
    expect(stage.asked()).toEqual(["cancelAll"]);
    stage.settle();
    expect(stage.runner.status()).toMatchObject({
      state: "paused",
      orders: [],
      reasons: ["paused by an operator"],
    });
    stage.runner.command("resume");
    stage.settle();
    expect(stage.prices()).toHaveLength(6);
    expect(stage.runner.status().reasons).toEqual([]);
  });

  test("cancel cancels at once, and the pair goes on quoting", async () => {
    const stage = new Stage();
    await stage.quoting();
    stage.asked();
    const before = stage.ids();
    stage.runner.command("cancel");
    expect(stage.asked()).toEqual(["cancelAll"]);
    expect(stage.runner.status().state).toBe("quoting");
    stage.connection.answer();
    expect(stage.ids().filter((id) => before.includes(id))).toEqual([]);
  });
});

describe("an update", () => {
  test("of binStep moves the orders that do not fit and keeps the others", async () => {
    const stage = new Stage();
    await stage.quoting();
    const [, second] = stage.ids();
    const next = pairWith({
      quoting: { binStep: 20, priceUpPctLimit: 0.006, priceDownPctLimit: 0.006 },
    });
    await stage.runner.update(next, spot(next));
    stage.settle();
    expect(stage.prices()).toEqual([
      "buy 1996",
      "buy 1992",
      "buy 1988",
      "sell 2004",
      "sell 2008",
      "sell 2012",
    ]);
    // The bid at 1996 was the second of the old ladder and is the first of the new one.
    expect(stage.ids()[0]).toBe(second ?? "");
    expect(stage.connection.calls.filter((call) => call.startsWith("prices"))).toHaveLength(1);
  });

  test("of risk alone sends nothing", async () => {
    const stage = new Stage();
    await stage.quoting();
    stage.asked();
    const next = pairWith({ risk: { staleBookMs: 2_000 } });
    await stage.runner.update(next, spot(next));
    stage.settle(1_000);
    expect(stage.asked()).toEqual([]);
    const guard = stage.runner.status().guards.find(({ id }) => id === "stale-book");
    expect(guard?.limit).toBe(2_000);
  });

  test("a strategy that goes on as it was keeps its memory, another one is new", async () => {
    const stage = new Stage();
    await stage.quoting();
    let made = 0;
    const counting =
      (pair: PairConfig): StrategySource =>
      () => {
        made += 1;
        return spot(pair)();
      };
    const sameShape = pairWith({ risk: { staleBookMs: 2_000 } });
    await stage.runner.update(sameShape, counting(sameShape));
    expect(made).toBe(0);
    const otherShape = pairWith({ quoting: { decayRate: 0.5 } });
    await stage.runner.update(otherShape, counting(otherShape));
    expect(made).toBe(1);
  });

  test("of volatility is warmed up by a history of its own grid", async () => {
    const stage = new Stage();
    await stage.quoting();
    stage.connection.history = () =>
      Promise.resolve(Array.from({ length: 30 }, (_, index) => 2000 + (index % 2)));
    const next = pairWith({ volatility: { sampleIntervalSeconds: 5, shortWindow: 4 } });
    await stage.runner.update(next, spot(next));
    expect(stage.connection.calls.at(-1)).toBe("prices 5000 1000");
    expect(stage.runner.status().volatilityPct).toBeGreaterThan(0);
  });

  test("that is overtaken by a later one is not carried out", async () => {
    const stage = new Stage();
    await stage.quoting();
    const slow = Promise.withResolvers<readonly number[]>();
    stage.connection.history = () => slow.promise;
    const first = pairWith({ volatility: { shortWindow: 9 }, risk: { staleBookMs: 1_111 } });
    const overtaken = stage.runner.update(first, spot(first));
    const second = pairWith({ risk: { staleBookMs: 2_222 } });
    await stage.runner.update(second, spot(second));
    slow.resolve([2000]);
    await overtaken;
    const guard = stage.runner.status().guards.find(({ id }) => id === "stale-book");
    expect(guard?.limit).toBe(2_222);
  });

  test("that is refused does not overtake one that waits", async () => {
    const stage = new Stage();
    await stage.quoting();
    const slow = Promise.withResolvers<readonly number[]>();
    stage.connection.history = () => slow.promise;
    const first = pairWith({ volatility: { shortWindow: 9 }, risk: { staleBookMs: 1_111 } });
    const waiting = stage.runner.update(first, spot(first));
    const other = pairWith({ capital: { initQuoteAmount: "1" } });
    expect(await stage.runner.update(other, spot(other)).catch(messageOf)).toContain("quote");
    slow.resolve([2000]);
    await waiting;
    const guard = stage.runner.status().guards.find(({ id }) => id === "stale-book");
    expect(guard?.limit).toBe(1_111);
  });

  test("of capital is refused and changes nothing", async () => {
    const stage = new Stage();
    await stage.quoting();
    stage.asked();
    const next = pairWith({ capital: { initQuoteAmount: "1" }, quoting: { binStep: 20 } });
    const refusal = await stage.runner.update(next, spot(next)).catch(messageOf);
    expect(refusal).toContain("cannot change quote");
    stage.settle();
    expect(stage.asked()).toEqual([]);
    expect(stage.failures).toEqual([]);
  });
});

describe("a stop", () => {
  test("waits until every cancel is confirmed, then ends the connection", async () => {
    const stage = new Stage();
    await stage.quoting();
    stage.asked();
    let isDone = false;
    const stopped = stage.runner.stop().then((result) => {
      isDone = true;
      return result;
    });
    await Promise.resolve();
    expect(stage.asked()).toEqual(["cancelAll"]);
    expect(isDone).toBe(false);
    expect(stage.runner.status().state).toBe("stopping");
    stage.connection.answer();
    expect(await stopped).toEqual({ left: [] });
    expect(stage.asked()).toEqual(["stop"]);
    expect(stage.runner.status().state).toBe("stopped");
    // No timer goes on, and what comes now is nobody's.
    expect(stage.world.timers.pending).toBe(0);
    stage.connection.book(100_000);
    expect(stage.runner.status().mid).toBe("2000");
    expect(() => stage.runner.command("resume")).toThrow("the pair has stopped");
  });

  test("tells after five seconds what may be left", async () => {
    const stage = new Stage();
    await stage.quoting();
    const ids = stage.ids();
    stage.connection.isMute = true;
    const stopped = stage.runner.stop();
    stage.world.timers.advance(5_000);
    const { left } = await stopped;
    expect([...left].sort()).toEqual(ids.sort());
    expect(await stage.runner.stop()).toEqual({ left });
    expect(stage.connection.calls.filter((call) => call === "stop")).toHaveLength(1);
  });

  test("during the wait for history is a stop: it never connects", async () => {
    const stage = new Stage();
    const slow = Promise.withResolvers<readonly number[]>();
    stage.connection.history = () => slow.promise;
    const started = stage.runner.start();
    expect(await stage.runner.stop()).toEqual({ left: [] });
    slow.resolve([2000]);
    await started;
    expect(stage.connection.calls).toEqual(["prices 1000 1000"]);
  });
});

function aliveAt(receivedTimeMs: number): ConnectionEvent {
  return { kind: "connection", venueTimeMs: 0, receivedTimeMs, state: "alive" };
}
