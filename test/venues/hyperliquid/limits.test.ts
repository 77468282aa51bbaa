import { expect, test } from "bun:test";
import { RateBudgets } from "#net/rate-budget.ts";
import { accessOf } from "#venues/hyperliquid/access.ts";
import { counterOf, HlLimits, makeShared } from "#venues/hyperliquid/limits.ts";
import type { AgentCredentials } from "#venues/venue.ts";
import { freshLimits, HandWorld, usedOf } from "./socket-subject.ts";

const CREDENTIALS: AgentCredentials = {
  kind: "agent",
  address: `0x${"c1".repeat(20)}`,
  agentKey: `0x${"77".repeat(32)}`,
  vaultAddress: null,
  isTestnet: false,
  deadMansSwitch: true,
};
const MASTER = accessOf(CREDENTIALS);
const VAULT = accessOf({ ...CREDENTIALS, vaultAddress: `0x${"d1".repeat(20)}` });
const OTHER = accessOf({
  ...CREDENTIALS,
  address: `0x${"c2".repeat(20)}`,
  agentKey: `0x${"78".repeat(32)}`,
});

test("accounts at one address share what is counted by IP, and nothing else", () => {
  const url = "http://limits-1";
  const [master, other, paper] = [
    makeShared(MASTER, url),
    makeShared(OTHER, url),
    makeShared(null, url),
  ];
  const counters = ["nonce", "address", "deadMan"] as const;
  for (const shared of [other, paper]) {
    expect(shared.memory).toBe(master.memory);
    expect(counterOf(shared, "gauges")).toBe(counterOf(master, "gauges"));
  }
  for (const name of counters) {
    expect(counterOf(other, name)).not.toBe(counterOf(master, name));
    expect(() => counterOf(paper, name)).toThrow(name);
  }
  expect(makeShared(MASTER, "http://limits-2").memory).not.toBe(master.memory);
});

test("one agent has one counter of nonces, whatever it trades; its accounts count apart", () => {
  const url = "http://limits-3";
  const [master, again, vault] = [
    makeShared(MASTER, url),
    makeShared(MASTER, url),
    makeShared(VAULT, url),
  ];
  expect(counterOf(again, "address")).toBe(counterOf(master, "address"));
  expect(counterOf(vault, "nonce")).toBe(counterOf(master, "nonce"));
  expect(counterOf(vault, "address")).not.toBe(counterOf(master, "address"));
  expect(counterOf(vault, "deadMan").byteLength).toBe(8);
});

test("limits keep a margin, and a reserve for cancels", () => {
  const limits = freshLimits(new HandWorld());
  let weight = 0;
  while (limits.takeWeight(1, false).taken) weight += 1;
  while (limits.takeWeight(1, true).taken) weight += 1;
  let messages = 0;
  while (limits.takeMessage(false)) messages += 1;
  expect([weight, messages]).toEqual([1080, 1600]);
  while (limits.takeMessage(true)) messages += 1;
  expect(messages).toBe(1800);
  let connections = 0;
  while (limits.takeConnection() === 0) connections += 1;
  expect([connections, limits.takeConnection()]).toEqual([27, 61_000]);
  expect(limits.statuses()).toEqual([
    { name: "weight-1m", used: 1080, limit: 1080, windowMs: 60_000 },
    { name: "ws-messages-1m", used: 1800, limit: 1800, windowMs: 60_000 },
    { name: "connections-1m", used: 27, limit: 27, windowMs: 60_000 },
    { name: "sockets", used: 0, limit: 10, windowMs: null },
    { name: "subscriptions", used: 0, limit: 1000, windowMs: null },
    { name: "posts", used: 0, limit: 100, windowMs: null },
  ]);
});

test("each is counted on its own", () => {
  const limits = freshLimits(new HandWorld());
  limits.takeWeight(3, false);
  limits.chargeMessage();
  limits.takeConnection();
  limits.gauges.claim()?.take("posts");
  const names = ["weight-1m", "ws-messages-1m", "connections-1m", "sockets", "posts"];
  expect(names.map((name) => usedOf(limits, name))).toEqual([3, 1, 1, 0, 1]);
});

test("budgets that are none of ours are refused", () => {
  const specs = [{ name: "weight-1m", limit: 10, windowMs: 60_000, cancelReserve: 0 }];
  const { memory } = new RateBudgets(specs);
  expect(() => new HlLimits({ specs, memory }, () => 0)).toThrow("budgets");
});
