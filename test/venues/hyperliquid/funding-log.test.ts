/** Settlements of funding, from the stream and from the venue's history. */

import { describe, expect, test } from "bun:test";
import { begunKit, frameOf, kitOf, reconciled, Venue } from "./account-kit.ts";
import { AutoApi, NOW_MS, UNANSWERED, USER } from "./hl-kit.ts";

describe("funding", () => {
  const HOUR_MS = 3_600_000;
  const HOUR = Math.ceil(NOW_MS / HOUR_MS) * HOUR_MS;

  function frameOfFunding(time: number, usdc: string, coin = "SUI"): string {
    const funding = { time, coin, usdc, szi: "1.0", fundingRate: "0.0000125", nSamples: null };
    return frameOf("userFundings", { user: USER, fundings: [funding], isSnapshot: true });
  }

  test("is told once: received above zero, paid below, of this coin alone", async () => {
    const kit = await begunKit(new Venue());
    kit.account.onFrame(frameOfFunding(NOW_MS, "1.0"));
    kit.account.onFrame(frameOfFunding(HOUR, "1.0", "BTC"));
    kit.account.onFrame(frameOfFunding(HOUR, "-0.01250"));
    kit.account.onFrame(frameOfFunding(HOUR, "-0.01250"));
    expect(kit.heard.of("funding")).toMatchObject([
      { fundingId: `SUI|${HOUR}`, amount: "-0.0125", venueTimeMs: HOUR },
    ]);
  });

  test("that the stream lost is found in the history, once an hour", async () => {
    const venue = new Venue();
    const kit = await begunKit(venue);
    await reconciled(kit);
    expect(kit.api.asksOf("userFunding")).toEqual([]);
    const delta = { type: "funding", coin: "SUI", usdc: "0.25", szi: "1.0", fundingRate: "0.1" };
    venue.funding = [{ time: HOUR, hash: "0x00", delta }];
    kit.api.nowMs = HOUR + 61_000;
    await reconciled(kit);
    await reconciled(kit);
    expect(kit.api.asksOf("userFunding")).toHaveLength(1);
    expect(kit.heard.of("funding")).toMatchObject([{ amount: "0.25" }]);
    expect(kit.heard.events.findIndex(({ kind }) => kind === "funding")).toBeLessThan(
      kit.heard.events.findLastIndex(({ kind }) => kind === "account"),
    );
  });

  test("that was settled while it was down is found, also by a later worker", async () => {
    const venue = new Venue();
    const api = new AutoApi((request) => venue.answer(request));
    const kit = kitOf(api, `SUI|1|9001|${NOW_MS - 5}`);
    await kit.account.begin();
    await reconciled(kit);
    const delta = { type: "funding", coin: "SUI", usdc: "0.25", szi: "1.0", fundingRate: "0.1" };
    venue.funding = [{ time: HOUR, hash: "0x00", delta }];
    kit.account.noteGap();
    api.nowMs = HOUR + 61_000;
    await kit.account.begin();
    await reconciled(kit);
    expect(kit.heard.of("funding")).toMatchObject([{ amount: "0.25" }]);
  });

  test("position and worth are told also where the history is silent", async () => {
    const venue = new Venue();
    const kit = await begunKit(venue);
    venue.trouble = ({ type }) => (type === "userFunding" ? UNANSWERED : null);
    kit.api.nowMs = HOUR + 61_000;
    await reconciled(kit);
    expect(kit.heard.of("account")).toHaveLength(1);
    venue.trouble = null;
    await reconciled(kit);
    expect(kit.api.asksOf("userFunding")).toHaveLength(2);
  });
});
