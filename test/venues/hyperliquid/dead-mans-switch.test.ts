/** The switch that several workers of an account renew together. */

import { describe, expect, mock, test } from "bun:test";
import type { ActionAnswer } from "#venues/hyperliquid/api.ts";
import { DeadMansSwitch } from "#venues/hyperliquid/dead-mans-switch.ts";
import { HandApi, LOST, NOW_MS, newsKit, notSent, turn } from "./hl-kit.ts";

const OK: ActionAnswer = { kind: "answered", response: { type: "default" } };
const POOR =
  "Cannot set scheduled cancel time until enough volume traded. " +
  "Required: $1000000. Traded: $999999.5.";

function kitOf(memory = new SharedArrayBuffer(8), volume: number | null = 2e6, isWanted = true) {
  const api = new HandApi();
  const { news, heard } = newsKit(api);
  const onTooLate = mock(() => Promise.resolve(true));
  const parts = { api, memory, isWanted, news, volume: () => volume, onTooLate };
  return { api, heard, deadMan: new DeadMansSwitch(parts), memory, onTooLate };
}

/** Ticks once, and answers. @returns when orders are to go; null: nothing was asked */
async function tick({ api, deadMan }: ReturnType<typeof kitOf>, answer: ActionAnswer) {
  deadMan.tick();
  if (api.acts.size === 0) return null;
  const { request } = await api.sent("scheduleCancel", answer);
  expect(request).toMatchObject({ requests: 1, isCancel: true });
  await turn();
  return request.action["time"];
}

describe("the dead-man's switch", () => {
  test("is armed a minute ahead, and renewed after twenty seconds", async () => {
    const kit = kitOf();
    expect(kit.deadMan.status()).toMatchObject({ by: "guardian" });
    expect(await tick(kit, OK)).toBe(NOW_MS + 60_000);
    expect(kit.deadMan.status()).toEqual({ by: "venue", afterMs: 60_000 });
    kit.api.nowMs += 19_999;
    expect(await tick(kit, OK)).toBeNull();
    kit.api.nowMs += 1;
    expect(await tick(kit, OK)).toBe(NOW_MS + 80_000);
  });

  test("is renewed by one worker for all", async () => {
    const one = kitOf();
    const two = kitOf(one.memory);
    expect(await tick(one, OK)).not.toBeNull();
    expect(await tick(two, OK)).toBeNull();
    expect(two.deadMan.status()).toMatchObject({ by: "venue" });
    two.api.nowMs += 30_000;
    one.api.nowMs += 30_000;
    expect(await tick(two, OK)).toBe(NOW_MS + 90_000);
    expect(await tick(one, OK)).toBeNull();
  });

  test("a renewal that came too late has the clock asked for, and is tried again", async () => {
    const kit = kitOf();
    expect(await tick(kit, { kind: "refused", message: "Action already expired" })).not.toBeNull();
    expect(kit.onTooLate).toHaveBeenCalledTimes(1);
    kit.api.nowMs += 5_000;
    expect(await tick(kit, OK)).toBe(NOW_MS + 65_000);
    expect(kit.onTooLate).toHaveBeenCalledTimes(1);
  });

  test("is the guardian's where the venue refuses it, and tried again in an hour", async () => {
    const kit = kitOf();
    expect(await tick(kit, { kind: "refused", message: POOR })).not.toBeNull();
    expect(kit.deadMan.status()).toEqual({ by: "guardian", reason: POOR });
    expect(kit.heard.alerts).toMatchObject([{ level: "warning", code: "no-dead-mans-switch" }]);
    kit.api.nowMs += 3_599_999;
    expect(await tick(kit, OK)).toBeNull();
    kit.api.nowMs += 1;
    expect(await tick(kit, OK)).not.toBeNull();
    expect(kit.deadMan.status()).toMatchObject({ by: "venue" });
  });

  test.each([
    LOST,
    notSent("budget"),
    { kind: "refused", message: "429 Too Many Requests" },
  ] as const)("is tried again soon after trouble", async (answer) => {
    const kit = kitOf();
    await tick(kit, answer);
    expect(kit.deadMan.status()).toMatchObject({ by: "guardian" });
    expect(await tick(kit, OK)).toBeNull();
    kit.api.nowMs += 5000;
    expect(await tick(kit, OK)).not.toBeNull();
  });

  test("while it is armed, is asked for again soon, whatever the words of a refusal", async () => {
    const kit = kitOf();
    await tick(kit, OK);
    kit.api.nowMs += 20_000;
    const words: ActionAnswer = { kind: "refused", message: "words that nobody knows" };
    expect(await tick(kit, words)).toBe(NOW_MS + 80_000);
    expect(kit.deadMan.status()).toMatchObject({ by: "venue" });
    kit.api.nowMs += 5000;
    expect(await tick(kit, OK)).toBe(NOW_MS + 85_000);
    kit.api.nowMs += 20_000;
    await tick(kit, words);
    // It would still fire: the end has to clear it.
    kit.deadMan.stop();
    const { request } = await kit.api.sent("scheduleCancel", OK);
    expect(request.action).toEqual({ type: "scheduleCancel" });
  });

  test("is cleared at the end also where nobody knows whether it was armed", async () => {
    const kit = kitOf();
    await tick(kit, LOST);
    kit.deadMan.stop();
    const { request } = await kit.api.sent("scheduleCancel", OK);
    expect(request.action).toEqual({ type: "scheduleCancel" });
  });

  test("is not cleared where it surely was not armed", async () => {
    const kit = kitOf();
    await tick(kit, notSent("budget"));
    kit.deadMan.stop();
    expect(kit.api.acts.size).toBe(0);
  });

  test("is not asked for below a million, unknown or not, or where it is not wanted", async () => {
    for (const kit of [
      kitOf(undefined, 999_999),
      kitOf(undefined, null),
      kitOf(undefined, 2e6, false),
    ]) {
      expect(await tick(kit, OK)).toBeNull();
      kit.deadMan.stop();
      expect(kit.api.acts.size).toBe(0);
      expect(kit.deadMan.status()).toMatchObject({ by: "guardian" });
    }
  });

  test("is cleared at the end, and whoever goes on arms it again at once", async () => {
    const one = kitOf();
    const two = kitOf(one.memory);
    await tick(one, OK);
    one.deadMan.stop();
    const { request } = await one.api.sent("scheduleCancel", OK);
    expect(request.action).toEqual({ type: "scheduleCancel" });
    one.deadMan.stop();
    expect(await tick(one, OK)).toBeNull();
    expect(await tick(two, OK)).toBe(NOW_MS + 60_000);
  });
});
