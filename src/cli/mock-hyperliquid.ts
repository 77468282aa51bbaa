/** `mm mock-venue hyperliquid`: its perps, its account and agent, and what it prints. */

import { plain } from "#domain/decimal.ts";
import { HYPERLIQUID_FAULTS } from "#mock-venues/hyperliquid/fault-rules.ts";
import { type MockHyperliquid, startMockHyperliquid } from "#mock-venues/hyperliquid/server.ts";
import { AgentWallet } from "#venues/hyperliquid/signing.ts";
import {
  badOption,
  listening,
  type MockVenueOptions,
  mockBalances,
  mockBasics,
  mockFaults,
  mockSymbols,
  type Rehearsal,
} from "./mock-options.ts";
import { amountOption } from "./options.ts";
import { rehearsalUniverse } from "./rehearsal.ts";

const USUAL_COINS = ["ETH", "BTC"];
/** Printed, in every example, and worth nothing: no account of the real venue has this agent. */
const REHEARSAL_ADDRESS = `0x${"a0".repeat(20)}`;
const REHEARSAL_AGENT_KEY = `0x${"11".repeat(32)}`;
const SHOWN_KEY = `${REHEARSAL_AGENT_KEY}   (for rehearsals only)`;
const DEFAULT_USDC = "100000";

/** @throws {InputError} */
export async function rehearseHyperliquid(options: MockVenueOptions): Promise<Rehearsal> {
  const basics = mockBasics(options);
  const { address = REHEARSAL_ADDRESS, price } = options;
  if (!/^0x[0-9a-fA-F]{40}$/.test(address)) {
    throw badOption("--address", `${JSON.stringify(address)} is no address`, {
      hint: "give 0x and 40 hexadecimal digits, any will do",
    });
  }
  const { seed, speed, world } = basics;
  const coins = mockSymbols(options, USUAL_COINS);
  const startPrice = price === undefined ? null : amountOption(price, "--price");
  const startMs = world.nowMs();
  const agent = agentOf(options.agentKey ?? REHEARSAL_AGENT_KEY);
  const venue = {
    ...basics,
    universe: rehearsalUniverse(coins, { seed, speed, startMs, startPrice }),
    account: {
      master: address,
      usdc: usdcOf(options.balance),
      agents: [{ address: agent, name: "mm", validUntilMs: null }],
      lifetimeVolume: Number(amountOption(options.volume ?? "0", "--volume")),
    },
    ...(await mockFaults(options, HYPERLIQUID_FAULTS)),
  };
  const mock = await listening(basics, () => startMockHyperliquid(venue));
  return { text: inviting(mock, options), stop: () => mock.stop() };
}

/** The address of the agent. */
function agentOf(agentKey: string): string {
  if (/^(?:0x)?[0-9a-fA-F]{64}$/.test(agentKey)) {
    return new AgentWallet(`0x${agentKey.replace(/^0x/, "").toLowerCase()}`).address;
  }
  throw badOption("--agent-key", "is no private key", {
    hint: "give 64 hexadecimal digits, with or without 0x",
  });
}

function usdcOf(texts: readonly string[]): string {
  const balances = mockBalances(texts);
  const usdc = balances.get("USDC") ?? DEFAULT_USDC;
  balances.delete("USDC");
  const [other] = balances.keys();
  if (other === undefined) return usdc;
  throw badOption("--balance", `${other} is no margin here`, { hint: "give USDC=10000" });
}

function inviting(mock: MockHyperliquid, options: MockVenueOptions): string {
  const { url, wsUrl, venue } = mock;
  const addresses = JSON.stringify({ restUrl: url, wsUrl }, null, 2);
  return `
A mock of Hyperliquid for rehearsals. It is not the venue, and its money is none.

  coins     ${venue.coins.map(({ name }) => name).join(", ")}
  account   ${venue.master}, ${plain(venue.accountValue())} USDC

Into the config that rehearses:

  "venues": { "hyperliquid": ${addresses.replaceAll("\n", "\n  ")} }

with an account

  { "venue": "hyperliquid", "address": "${venue.master}", "agentKeyEnv": "MM_HL_AGENT_KEY" }

and into that environment variable the agent's key:

  ${options.agentKey === undefined ? SHOWN_KEY : "the one you gave"}

At the venue itself, without a key:

  curl ${url}/mock/orders
  curl ${url}/mock/account
  curl ${url}/mock/connections
  curl ${url}/mock/faults
  curl -X POST ${url}/mock/faults \\
    -d '{"faults": [{"kind": "drop-response", "method": "order", "count": 3}]}'
  curl -X POST ${url}/mock/faults -d '{"seed": 7, "random": {"everyMs": 2000}}'
  curl -X DELETE ${url}/mock/faults
  curl -X POST ${url}/mock/funding
  curl -X POST ${url}/mock/status -d '{"status": "POST_ONLY"}'

Ctrl-C ends it.

`;
}
