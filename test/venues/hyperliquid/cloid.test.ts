/** Client order ids as cloids and back. */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { keccak256, stringToBytes } from "viem";
import { InvariantError } from "#domain/errors.ts";
import { type ClientOrderIdParts, formatClientOrderId, type OrderRole } from "#domain/order.ts";
import { cloidOf, OwnCloids } from "#venues/hyperliquid/cloid.ts";

const EPOCH_MAX = 2 ** 32 - 1;
const SEQUENCE_MAX = 2 ** 36 - 1;
const ROLES: readonly OrderRole[] = [
  "quote",
  "active-hedge",
  "passive-hedge",
  "stop-loss",
  "flatten",
];

const prefixes = fc.stringMatching(/^[a-z\d]{1,4}$/);
const pairs = fc.stringMatching(/^[A-Za-z\d]{1,12}$/);
const ids: fc.Arbitrary<ClientOrderIdParts> = fc.record({
  prefix: prefixes,
  pair: pairs,
  role: fc.constantFrom(...ROLES),
  epoch: fc.oneof(fc.integer({ min: 0, max: EPOCH_MAX }), fc.constantFrom(0, EPOCH_MAX)),
  sequence: fc.oneof(fc.integer({ min: 0, max: SEQUENCE_MAX }), fc.constantFrom(0, SEQUENCE_MAX)),
});

test("an id is laid out as documented", () => {
  const cloid = cloidOf("mm-SUI-s1z141z3-100");
  const tag = keccak256(stringToBytes("mm-SUI")).slice(0, 2 + 14);
  // Role 3, the epoch 2^32 - 1, and 100 to the base 36, which is 1296.
  expect(cloid).toBe(`${tag}3ffffffff000000510`);
});

test("every id comes back, in either case of its digits, and is one of 16 bytes", () => {
  fc.assert(
    fc.property(ids, (parts) => {
      const id = formatClientOrderId(parts);
      const cloid = cloidOf(id);
      expect(cloid).toMatch(/^0x[\da-f]{32}$/);
      const own = new OwnCloids(parts.prefix, parts.pair);
      expect(own.clientOrderIdOf(cloid)).toBe(id);
      expect(own.clientOrderIdOf(cloid.toUpperCase())).toBe(id);
    }),
  );
});

test("two ids of any owners have two cloids", () => {
  fc.assert(
    fc.property(ids, ids, (one, other) => {
      const [a, b] = [formatClientOrderId(one), formatClientOrderId(other)];
      expect(cloidOf(a) === cloidOf(b)).toBe(a === b);
    }),
  );
});

test("another pair's or another prefix's is not ours", () => {
  fc.assert(
    fc.property(ids, prefixes, pairs, (parts, prefix, pair) => {
      const isOurs = prefix === parts.prefix && pair === parts.pair;
      const cloid = cloidOf(formatClientOrderId(parts));
      expect(new OwnCloids(prefix, pair).clientOrderIdOf(cloid) !== null).toBe(isOurs);
      expect(new OwnCloids(parts.prefix, `${parts.pair}x`).clientOrderIdOf(cloid)).toBeNull();
      expect(new OwnCloids(`${parts.prefix}x`, parts.pair).clientOrderIdOf(cloid)).toBeNull();
    }),
  );
});

test("nor is a foreign one, whatever it looks like", () => {
  const own = new OwnCloids("mm", "SUI");
  const ours = cloidOf("mm-SUI-q1-1");
  const foreign: readonly (string | null | undefined)[] = [
    null,
    undefined,
    "",
    "0x",
    "0x1234567890abcdef1234567890abcdef",
    ours.slice(2),
    `${ours}0`,
    ours.slice(0, -1),
    ` ${ours}`,
    `${ours.slice(0, 16)}5${ours.slice(17)}`, // our tag, and a role that there is not
    `${ours.slice(0, -1)}g`,
  ];
  for (const cloid of foreign) expect(own.clientOrderIdOf(cloid)).toBeNull();
  fc.assert(
    fc.property(fc.string(), fc.stringMatching(/^0x[\da-f]{32}$/), (text, hex) => {
      expect(own.clientOrderIdOf(text)).toBeNull();
      expect(own.clientOrderIdOf(hex)).toBeNull();
    }),
  );
});

describe("an id that is none of ours, or does not fit, is a mistake of ours", () => {
  const wrong: [name: string, id: string][] = [
    ["nothing", ""],
    ["no id", "hello"],
    ["a cloid", "0x1234567890abcdef1234567890abcdef"],
    ["a pair of 13 letters", "mm-ABCDEFGHIJKLM-q1-1"],
    ["a prefix of five", "mmmmm-SUI-q1-1"],
    ["a role that there is not", "mm-SUI-z1-1"],
    ["an epoch of 2^32", `mm-SUI-q${(2 ** 32).toString(36)}-1`],
    ["a sequence of 2^36", `mm-SUI-q1-${(2 ** 36).toString(36)}`],
  ];
  test.each(wrong)("%s", (_name, id) => {
    expect(() => cloidOf(id)).toThrow(InvariantError);
  });
});
