import { expect, test } from "bun:test";
import { InputError } from "#domain/errors.ts";
import { accessOf, type HlAccess } from "#venues/hyperliquid/access.ts";
import type { AgentCredentials } from "#venues/venue.ts";

const KEY = `0x${"0123456789".repeat(6)}0123`;
const AGENT = "0x14791697260e4c9a71f18484c9f997b308e59325";
const MASTER = "0x5e9ee1089755c3435139848e47e6635505d5a13a";
const VAULT = "0x1719884eb866cb12b2287399b15f7db5e7d775ea";

const CREDENTIALS: AgentCredentials = {
  kind: "agent",
  address: MASTER,
  agentKey: KEY,
  vaultAddress: null,
  isTestnet: false,
  deadMansSwitch: true,
};

function access(changes: Partial<AgentCredentials> = {}): HlAccess {
  return accessOf({ ...CREDENTIALS, ...changes });
}

test("the master's state is read, and the agent signs", () => {
  const { user, master, vaultAddress, signer, deadMansSwitch } = access();
  expect([user, master, vaultAddress, deadMansSwitch]).toEqual([MASTER, MASTER, null, true]);
  expect(signer.address).toBe(AGENT);
  expect(access({ deadMansSwitch: false }).deadMansSwitch).toBe(false);
});

test("of a vault or sub-account, its own state is read", () => {
  const { user, master, vaultAddress } = access({ vaultAddress: VAULT });
  expect([user, master, vaultAddress]).toEqual([VAULT, MASTER, VAULT]);
});

test("addresses are lower case, however they were written", () => {
  const upper = (text: string): string => `0x${text.slice(2).toUpperCase()}`;
  const { user, master, vaultAddress, signer } = access({
    address: upper(MASTER),
    vaultAddress: upper(VAULT),
    agentKey: upper(KEY),
  });
  expect([user, master, vaultAddress, signer.address]).toEqual([VAULT, MASTER, VAULT, AGENT]);
});

test("its signatures are for the network that is meant", () => {
  const options = { nonce: 1, vaultAddress: null, expiresAfterMs: null };
  const [mainnet, testnet] = [false, true].map((isTestnet) =>
    access({ isTestnet }).signer.sign({ type: "noop" }, options),
  );
  expect(mainnet).not.toEqual(testnet);
});

const bad: [name: string, make: () => unknown][] = [
  ["a key that is none", () => access({ agentKey: KEY.slice(0, -1) })],
  ["a master that is none", () => access({ address: MASTER.slice(2) })],
  ["a vault that is none", () => access({ vaultAddress: "" })],
  ["the key for the address", () => access({ address: KEY })],
  ["a key of Binance", () => accessOf({ kind: "api-key", apiKey: "a", secret: KEY })],
];
test.each(bad)("refused, and not shown: %s", (_name, make) => {
  let thrown: unknown;
  try {
    make();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(InputError);
  if (!(thrown instanceof InputError)) return;
  expect(thrown.code).toBe("bad-key");
  expect(`${thrown.describe()}${Bun.inspect(thrown)}`).not.toContain("01234567890123456789");
});

test("it shows no key where it is printed or posted", () => {
  const held = access();
  expect(`${Bun.inspect(held, { depth: 9 })}${JSON.stringify(held)}`).not.toContain("0123456789");
});
