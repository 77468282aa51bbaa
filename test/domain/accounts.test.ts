import { expect, test } from "bun:test";
import { Accounts } from "#domain/accounts.ts";
import { decimal, plain } from "#domain/decimal.ts";

test("an entry that does not sum to zero in each asset is refused as a whole", () => {
  const accounts = new Accounts();
  accounts.book([
    { account: "capital", asset: "ETH", amount: decimal("-2") },
    { account: "inventory", asset: "ETH", amount: decimal("1.5") },
    { account: "inventory", asset: "ETH", amount: decimal("0.5") },
  ]);
  expect(() =>
    accounts.book([
      { account: "trading", asset: "ETH", amount: decimal("-1") },
      { account: "inventory", asset: "ETH", amount: decimal("1") },
      { account: "inventory", asset: "USDT", amount: decimal("-2000") },
      { account: "trading", asset: "USDT", amount: decimal("1999.99") },
    ]),
  ).toThrow("out of balance by -0.01 USDT");
  // Zero over all assets is not enough: one ETH is not one USDT.
  expect(() =>
    accounts.book([
      { account: "inventory", asset: "ETH", amount: decimal("-1") },
      { account: "inventory", asset: "USDT", amount: decimal("1") },
    ]),
  ).toThrow("out of balance by -1 ETH");

  expect(plain(accounts.balance("inventory", "ETH"))).toBe("2");
  expect(plain(accounts.balance("capital", "ETH"))).toBe("-2");
  expect(plain(accounts.balance("trading", "ETH"))).toBe("0");
  expect([...accounts.heldAssets()]).toEqual(["ETH"]);
});
