import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  type ClientOrderIdParts,
  formatClientOrderId,
  isTerminal,
  type OrderStatus,
  parseClientOrderId,
} from "#domain/order.ts";

const parts: fc.Arbitrary<ClientOrderIdParts> = fc.record({
  prefix: fc.stringMatching(/^[a-z0-9]{1,4}$/),
  pair: fc.stringMatching(/^[A-Za-z0-9]{1,12}$/),
  role: fc.constantFrom("quote", "active-hedge", "passive-hedge", "stop-loss", "flatten"),
  epoch: fc.integer({ min: 0, max: 36 ** 7 - 1 }),
  sequence: fc.integer({ min: 0, max: 36 ** 9 - 1 }),
});

describe("client order ids", () => {
  test("say whose order it is, and read back as what they were made of", () => {
    expect(
      formatClientOrderId({ prefix: "mm", pair: "SUI", role: "quote", epoch: 36, sequence: 71 }),
    ).toBe("mm-SUI-q10-1z");
    fc.assert(
      fc.property(parts, (made) => {
        const id = formatClientOrderId(made);
        expect(id).toMatch(/^[A-Za-z0-9-]{1,36}$/); // what every venue takes
        expect(parseClientOrderId(id)).toEqual(made);
      }),
    );
  });

  test("differ where any part differs", () => {
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const same = formatClientOrderId(one) === formatClientOrderId(other);
        expect(same).toBe(Bun.deepEquals(one, other));
      }),
    );
  });

  test("of others are nobody's to touch", () => {
    for (const id of [
      "",
      "web_1b6f0c5e2d8a4f7e9c3b",
      "x-TKT5PX2F-1234",
      "0x1f7b00000000000000000000000000a1",
      "mm-SUI-q1", // a part is missing
      "mm-SUI-q1-1-1", // one too many
      "mm-SUI-z1-1", // no such role
      "MM-SUI-q1-1", // prefixes are lower-case
      "mmmmm-SUI-q1-1",
      "mm-ABCDEFGHIJKLM-q1-1",
      "mm-SUI-q1-A", // base 36 is written in lower case
      "mm-SUI-q1-1\n",
      " mm-SUI-q1-1",
      "mm-SUI-q01-1", // we write no leading zeros, so this is not ours
      "mm-SUI-q1-01",
      "mm-SUI-q-1",
    ]) {
      expect([id, parseClientOrderId(id)]).toEqual([id, undefined]);
    }
  });

  test("have one spelling: whatever is read as ours is written the same", () => {
    const similar = fc.stringMatching(
      /^[a-z0-9]{1,4}-[A-Z]{1,4}-[qapsfx][0-9a-z]{1,8}-[0-9a-z]{1,10}$/,
    );
    fc.assert(
      fc.property(similar, (id) => {
        const read = parseClientOrderId(id);
        if (read !== undefined) expect(formatClientOrderId(read)).toBe(id);
      }),
    );
  });
});

test("an order that is over stays over; one in doubt is not over", () => {
  const ended: [OrderStatus, boolean][] = [
    ["pending-new", false],
    ["open", false],
    ["partially-filled", false],
    ["pending-amend", false],
    ["pending-cancel", false],
    ["unknown", false],
    ["filled", true],
    ["canceled", true],
    ["expired", true],
    ["rejected", true],
    ["denied", true],
  ];
  for (const [status, terminal] of ended) {
    expect([status, isTerminal(status)]).toEqual([status, terminal]);
  }
});
