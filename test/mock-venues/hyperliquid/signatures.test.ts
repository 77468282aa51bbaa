/** Who may act: signatures made by viem and the SDK, right ones and every kind of wrong one. */

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import * as v from "valibot";
import { privateKeyToAccount } from "viem/accounts";
import { Signers } from "#mock-venues/hyperliquid/signers.ts";
import { sharedPath } from "../../shared.ts";
import {
  AGENT,
  cancel,
  cloid,
  HlBench,
  type Json,
  MASTER,
  order,
  STRANGER,
  stop,
  wire,
} from "./venue-bench.ts";

const UNKNOWN = /^L1 error: User or API Wallet (0x[\da-f]{40}) does not exist\.$/;
const SUB = "0x00000000000000000000000000000000000000aa";

describe("a right signature", () => {
  const c = cloid(1);
  test.each<[string, Json]>([
    ["order", order(wire())],
    ["order with a client id", order(wire({ c }))],
    ["trigger order", order(stop("60000", "0.01"))],
    ["cancel", cancel(1)],
    ["cancel beyond 32 bits", cancel(123_456_789_012)],
    ["cancel without priority", { type: "cancel", cancels: [{ a: 0, o: 5 }] }],
    ["cancelByCloid", { type: "cancelByCloid", cancels: [{ asset: 0, cloid: c }], f: true }],
    ["modify", { type: "modify", oid: 5, order: wire() }],
    ["modify by client id", { type: "modify", oid: c, order: wire(), a: true }],
    ["batchModify", { type: "batchModify", modifies: [{ oid: 5, order: wire() }] }],
    ["scheduleCancel", { type: "scheduleCancel", time: 1_800_000_000_000 }],
    ["scheduleCancel without time", { type: "scheduleCancel" }],
    ["updateLeverage", { type: "updateLeverage", asset: 0, isCross: true, leverage: 5 }],
    [
      "updateIsolatedMargin",
      { type: "updateIsolatedMargin", asset: 0, isBuy: true, ntli: -1_000_000 },
    ],
    ["noop", { type: "noop" }],
    ["reserveRequestWeight", { type: "reserveRequestWeight", weight: 1 }],
  ])("of the agent is accepted: %s", async (_, action) => {
    const bench = new HlBench();
    const expiresAfter = bench.nowMs() + 5000;
    for (const options of [{}, { expiresAfter }, { wallet: MASTER }]) {
      const body = await bench.act(action, options);
      expect(JSON.stringify(body)).not.toContain("does not exist");
    }
  });

  test("of a sub-account's master is over the vault's address too", async () => {
    const subAccount = { address: SUB, name: "mm", kind: "subAccount" } as const;
    const bench = new HlBench({ account: { subAccount } });
    const [status] = await bench.statuses(order(wire()), { vaultAddress: SUB });
    expect(status).toHaveProperty("resting");
    expect(await bench.refusal(order(wire()))).toBe(
      `Must deposit before performing actions. User: ${MASTER.address.toLowerCase()}`,
    );
    const other = `0x${"bb".repeat(20)}` as const;
    expect(await bench.refusal(order(wire()), { vaultAddress: other })).toBe(
      `Vault not registered: ${other}`,
    );
  });

  test("of an account without money does nothing", async () => {
    const bench = new HlBench({ account: { usdc: "0" } });
    expect(await bench.refusal({ type: "noop" })).toContain("Must deposit before");
  });

  test("of the testnet counts on the testnet only", async () => {
    const bench = new HlBench({ rules: { isTestnet: true } });
    expect(await bench.refusal(order(wire()))).toMatch(UNKNOWN);
    const [status] = await bench.statuses(order(wire()), { isTestnet: true });
    expect(status).toHaveProperty("resting");
  });

  test("may have its numbers without leading zeros, as the Python SDK writes them", async () => {
    const bench = new HlBench();
    // Until one comes up with a leading zero.
    for (;;) {
      const body = await bench.signed(order(wire()));
      const {
        r,
        s,
        v: parity,
      } = v.parse(v.object({ r: v.string(), s: v.string(), v: v.number() }), body["signature"]);
      if (!r.startsWith("0x0")) continue;
      const signature = { r: r.replace(/^0x0+/, "0x"), s, v: parity };
      const box = bench.submit({ ...body, signature });
      bench.block();
      expect(JSON.stringify(box.reply?.body)).toContain("resting");
      return;
    }
  });
});

describe("a wrong signature looks like somebody else's", () => {
  async function addressBy(change: (body: Json) => Json): Promise<string> {
    const bench = new HlBench();
    const body = await bench.signed(order(wire({ c: cloid(255) }), wire({ p: "63980" })), {
      expiresAfter: bench.nowMs() + 5000,
    });
    const box = bench.submit(change(body));
    const { response } = v.parse(v.object({ response: v.string() }), box.reply?.body);
    const [, address = ""] = UNKNOWN.exec(response) ?? [];
    expect(response).toMatch(UNKNOWN);
    return address;
  }
  const known = [AGENT.address, MASTER.address].map((address) => address.toLowerCase());

  test.each<[string, (body: Json) => Json]>([
    ["another nonce", (body) => ({ ...body, nonce: Number(body["nonce"]) + 1 })],
    ["another expiry", (body) => ({ ...body, expiresAfter: Number(body["expiresAfter"]) + 1 })],
    ["no expiry", (body) => ({ ...body, expiresAfter: null })],
    ["another price", (body) => ({ ...body, action: order(wire({ p: "63991" })) })],
    ["one order less", (body) => ({ ...body, action: order(wire({ c: cloid(255) })) })],
  ])("after a change on the way: %s", async (_, change) => {
    expect(known).not.toContain(await addressBy(change));
  });

  test("of a stranger, by the stranger's own address", async () => {
    const bench = new HlBench();
    const refusal = await bench.refusal(order(wire()), { wallet: STRANGER });
    expect(UNKNOWN.exec(refusal)?.[1]).toBe(STRANGER.address.toLowerCase());
  });

  test("of an agent whose time is over", async () => {
    const agents = [{ address: AGENT.address, name: "mm", validUntilMs: 0 }];
    const bench = new HlBench({ account: { agents } });
    expect(UNKNOWN.exec(await bench.refusal(order(wire())))?.[1]).toBe(AGENT.address.toLowerCase());
  });

  const reordered = { grouping: "na", orders: [wire()], type: "order" };
  const { a, b, p, s, r, t } = wire();
  test.each<[string, Json]>([
    ["keys of the action in another order", reordered],
    ["keys of an order in another order", order({ b, a, p, s, r, t })],
    ["a trailing zero in a price", order(wire({ p: "63990.0" }))],
    ["a trailing zero in a size", order(wire({ s: "0.010" }))],
    ["an upper-case client id", order(wire({ c: `0x${"AB".repeat(16)}` }))],
    ["f: false", { type: "cancel", cancels: [{ a: 0, o: 5 }], f: false }],
    ["a: false", { type: "modify", oid: 5, order: wire(), a: false }],
    ["a key that the venue does not know", { ...order(wire()), comment: "hello" }],
  ])("though it was made of what was sent: %s", async (_, action) => {
    const bench = new HlBench();
    const address = UNKNOWN.exec(await bench.refusal(action))?.[1];
    expect(known).not.toContain(address ?? "");
  });

  test("that is no signature at all", async () => {
    const bench = new HlBench();
    const body = await bench.signed(order(wire()));
    const signature = { r: `0x${"ff".repeat(32)}`, s: `0x${"ff".repeat(32)}`, v: 27 };
    expect(JSON.stringify(bench.submit({ ...body, signature }).reply)).toContain("does not exist");
  });

  test("and costs nothing of the address budget", async () => {
    const bench = new HlBench();
    await bench.act(order(wire()), { wallet: STRANGER });
    expect(bench.venue.limits.used).toBe(0);
  });
});

test("any key, nonce, vault and expiry are recovered", async () => {
  const bench = new HlBench();
  const word = fc.uint8Array({ minLength: 31, maxLength: 31 });
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  await fc.assert(
    fc.asyncProperty(
      word,
      fc.nat(),
      fc.option(fc.uint8Array({ minLength: 20, maxLength: 20 })),
      fc.option(fc.nat()),
      async (key, nonce, vault, expiry) => {
        const wallet = privateKeyToAccount(`0x01${hex(key)}`);
        const vaultAddress = vault === null ? null : (`0x${hex(vault)}` as const);
        const action = order(wire());
        const body = await bench.signed(action, {
          wallet,
          nonce,
          ...(vaultAddress === null ? {} : { vaultAddress }),
          ...(expiry === null ? {} : { expiresAfter: expiry }),
        });
        const signature = v.parse(
          v.object({ r: v.string(), s: v.string(), v: v.picklist([27, 28]) }),
          body["signature"],
        );
        const signer = bench.venue.signers.signerOf({
          action,
          nonce,
          vaultAddress,
          expiresAfter: expiry,
          signature,
        });
        expect(signer).toBe(wallet.address.toLowerCase());
      },
    ),
    { numRuns: 40 },
  );
});

const Vectors = v.object({
  vectors: v.array(
    v.looseObject({
      id: v.string(),
      kind: v.string(),
      action: v.optional(v.record(v.string(), v.unknown())),
      nonce: v.optional(v.number()),
      vaultAddress: v.optional(v.nullable(v.string())),
      expiresAfter: v.optional(v.nullable(v.number())),
      address: v.optional(v.string()),
      expected: v.unknown(),
    }),
  ),
});
const Signature = v.object({ r: v.string(), s: v.string(), v: v.picklist([27, 28]) });
const Expected = v.looseObject({ mainnet: Signature, testnet: Signature });

const vectorsPath = sharedPath("vectors", "hyperliquid-signing.json");

test.skipIf(vectorsPath === null)("every published vector of an action is recovered", () => {
  const { vectors } = v.parse(Vectors, JSON.parse(readFileSync(vectorsPath ?? "", "utf8")));
  const known = vectors.filter(({ kind, address }) => kind === "l1" && address !== undefined);
  expect(known.length).toBeGreaterThan(10);
  const account = { master: MASTER.address, usdc: "0", agents: [] };
  for (const vector of known) {
    const { id, action = {}, nonce = 0, vaultAddress, expiresAfter, address, expected } = vector;
    const { mainnet, testnet } = v.parse(Expected, expected, { message: id });
    const vault = vaultAddress ?? null;
    const signed = {
      action,
      nonce,
      vaultAddress: vault === null ? null : (`0x${vault.slice(2)}` as const),
      expiresAfter: expiresAfter ?? null,
    };
    for (const [isTestnet, signature] of [
      [false, mainnet],
      [true, testnet],
    ] as const) {
      const signer = new Signers(account, isTestnet).signerOf({ ...signed, signature });
      expect(`${id} ${signer}`).toBe(`${id} ${address?.toLowerCase()}`);
    }
  }
});
