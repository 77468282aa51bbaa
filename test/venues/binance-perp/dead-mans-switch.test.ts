import { expect, test } from "bun:test";
import type { ApiAnswer } from "#venues/binance/api.ts";
import type { ApiMethod } from "#venues/binance-perp/api.ts";
import { DeadMansSwitch } from "#venues/binance-perp/dead-mans-switch.ts";
import { ManualTimers } from "../../net/support.ts";
import {
  AutoApi,
  type Heard,
  idOf,
  LOST,
  type NewsKit,
  NOW_MS,
  newsKit,
  ok,
  refusal,
  requestOf,
  stopOf,
  turn,
} from "./perp-kit.ts";

interface Kit extends NewsKit {
  readonly auto: AutoApi<ApiMethod>;
  readonly deadMan: DeadMansSwitch;
  readonly heard: Heard;
  /** Countdowns sent. */
  sent(): unknown[];
  /** Ticks once a second for so long. */
  run(seconds: number): Promise<void>;
  setAnswer(answer: ApiAnswer): void;
}

function kitOf(isWanted = true): Kit {
  let answer = ok({ symbol: "SUIUSDC", countdownTime: "120000" });
  const auto = new AutoApi<ApiMethod>(() => answer);
  const kit = newsKit(auto);
  const timers = new ManualTimers();
  const deadMan = new DeadMansSwitch({ ...kit, timers, symbol: "SUIUSDC", isWanted });
  return {
    ...kit,
    auto,
    deadMan,
    sent: () => auto.paramsOf("countdownCancelAll").map(({ countdownTime }) => countdownTime),
    run: async (seconds) => {
      for (let second = 0; second < seconds; second += 1) {
        deadMan.tick();
        await turn();
        auto.nowMs += 1000;
        timers.advance(1000);
      }
    },
    setAnswer: (next) => {
      answer = next;
    },
  };
}

function end(kit: Kit, sequence: number): void {
  kit.news.order(idOf(sequence), "canceled");
}

test("is armed while an order of ours rests, renewed, and taken back when none does", async () => {
  const kit = kitOf();
  await kit.run(5);
  expect(kit.sent()).toEqual([]);
  expect(kit.deadMan.status()).toMatchObject({ by: "guardian" });
  kit.orders.add(requestOf(1), NOW_MS);
  await kit.run(31);
  expect(kit.sent()).toEqual([120_000, 120_000]);
  expect(kit.auto.paramsOf("countdownCancelAll")[0]).toEqual({
    symbol: "SUIUSDC",
    countdownTime: 120_000,
  });
  expect(kit.deadMan.status()).toMatchObject({ by: "venue", afterMs: 120_000 });
  end(kit, 1);
  await kit.run(10);
  expect(kit.sent()).toEqual([120_000, 120_000, 0]);
  expect(kit.deadMan.status()).toMatchObject({ by: "guardian" });
});

test("a moment without an order, as between two, takes nothing back", async () => {
  const kit = kitOf();
  kit.orders.add(requestOf(1), NOW_MS);
  await kit.run(1);
  end(kit, 1);
  await kit.run(3);
  kit.orders.add(requestOf(2), NOW_MS);
  await kit.run(3);
  expect(kit.sent()).toEqual([120_000]);
});

test("stops are not covered, and do not arm it", async () => {
  const kit = kitOf();
  kit.orders.add(stopOf(1), NOW_MS);
  kit.algos.note(idOf(1, "stop-loss"));
  await kit.run(5);
  expect(kit.sent()).toEqual([]);
  kit.orders.add(requestOf(2), NOW_MS);
  await kit.run(1);
  expect(kit.deadMan.status()).toMatchObject({ except: expect.stringContaining("stops") });
});

test.each([
  ["refused", refusal(-1003, "Too many requests.", 429)],
  ["unanswered", LOST],
])("%s, it is not armed, tried again after a while, and people are told", async (_name, answer) => {
  const kit = kitOf();
  kit.setAnswer(answer);
  kit.orders.add(requestOf(1), NOW_MS);
  await kit.run(5);
  expect(kit.sent()).toHaveLength(1);
  expect(kit.deadMan.status()).toMatchObject({ by: "guardian" });
  expect(kit.heard.alerts).toMatchObject([{ code: "no-dead-mans-switch" }]);
  kit.setAnswer(ok({}));
  await kit.run(2);
  expect(kit.deadMan.status()).toMatchObject({ by: "venue" });
});

test("one that may be armed is taken back too", async () => {
  const kit = kitOf();
  kit.setAnswer(LOST);
  kit.orders.add(requestOf(1), NOW_MS);
  await kit.run(1);
  end(kit, 1);
  kit.setAnswer(ok({}));
  await kit.run(12);
  expect(kit.sent()).toEqual([120_000, 0]);
});

test("taken back without an answer, it is not believed, and armed with the next", async () => {
  const kit = kitOf();
  kit.orders.add(requestOf(1), NOW_MS);
  await kit.run(1);
  end(kit, 1);
  kit.setAnswer(LOST);
  await kit.run(6); // it may have been taken back
  expect(kit.sent()).toEqual([120_000, 0]);
  expect(kit.deadMan.status()).toMatchObject({ by: "guardian" });
  kit.setAnswer(ok({}));
  kit.orders.add(requestOf(2), NOW_MS);
  await kit.run(7);
  expect(kit.sent()).toEqual([120_000, 0, 120_000]);
  expect(kit.deadMan.status()).toMatchObject({ by: "venue" });
});

test("a clock that was an hour ahead for a moment puts no renewal off", async () => {
  const kit = kitOf();
  kit.orders.add(requestOf(1), NOW_MS);
  kit.auto.nowMs += 3_600_000;
  await kit.run(1);
  kit.auto.nowMs -= 3_600_000;
  await kit.run(31);
  expect(kit.sent()).toEqual([120_000, 120_000]);
});

test("switched off in the config, it is never asked for", async () => {
  const kit = kitOf(false);
  kit.orders.add(requestOf(1), NOW_MS);
  await kit.run(40);
  kit.deadMan.stop();
  expect(kit.sent()).toEqual([]);
  expect(kit.deadMan.status()).toMatchObject({ reason: "it is switched off in the config" });
});

test("the end is meant: it is taken back, unless an order still rests", async () => {
  for (const rests of [false, true]) {
    const kit = kitOf();
    kit.orders.add(requestOf(1), NOW_MS);
    await kit.run(1);
    if (!rests) end(kit, 1);
    kit.deadMan.stop();
    kit.deadMan.stop();
    expect(kit.sent()).toEqual(rests ? [120_000] : [120_000, 0]);
  }
});
