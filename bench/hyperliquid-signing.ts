/**
 * `bun bench/hyperliquid-signing.ts`: what a signature of an action costs, by our own way and by
 * the SDK's, with our wallet and with viem's. Prints a Markdown table. The ways take turns.
 */

import { signL1Action } from "@nktkas/hyperliquid/signing";
import { privateKeyToAccount } from "viem/accounts";
import { perpInstrument } from "#mock-venues/hyperliquid/universe.ts";
import { orderAction, wireOrder } from "#venues/hyperliquid/actions.ts";
import type { HlAction } from "#venues/hyperliquid/api.ts";
import { ActionSigner, AgentWallet, type Signature } from "#venues/hyperliquid/signing.ts";
import { judged } from "./judged.ts";
import { percentile } from "./live-setup.ts";

const WARM_UP = 500;
const SAMPLES = 2_000;
/** Ways take turns of so many: none pays for what another leaves to be collected. */
const BLOCK = 250;
const BATCH = 20;
const BUDGET_US = 150;
const START_MS = 1_795_348_800_000;

const KEY = "0x0123456789012345678901234567890123456789012345678901234567890123";
const signer = new ActionSigner(KEY, false);
const wallet = new AgentWallet(KEY);
const account = privateKeyToAccount(KEY);

interface Way {
  readonly name: string;
  readonly sign: (
    action: HlAction,
    nonce: number,
    expiresAfter: number,
  ) => Signature | Promise<Signature>;
}

const OURS: Way = {
  name: "ours",
  sign: (action, nonce, expiresAfterMs) =>
    signer.sign(action, { nonce, vaultAddress: null, expiresAfterMs }),
};
const WAYS: readonly Way[] = [
  OURS,
  {
    name: "the SDK, our wallet",
    sign: (action, nonce, expiresAfter) => signL1Action({ wallet, action, nonce, expiresAfter }),
  },
  {
    name: "the SDK, viem",
    sign: (action, nonce, expiresAfter) =>
      signL1Action({ wallet: account, action, nonce, expiresAfter }),
  },
];

const SUI = {
  asset: 14,
  instrument: perpInstrument({ coin: "SUI", szDecimals: 1 }),
};

/** Post-only orders, no two actions alike. */
function ordersAction(turn: number, count: number): HlAction {
  const orders = Array.from({ length: count }, (_, index) =>
    wireOrder(
      {
        clientOrderId: `mm-SUI-q1-${(1 + turn * count + index).toString(36)}`,
        side: index % 2 === 0 ? "buy" : "sell",
        type: "limit",
        timeInForce: "gtc",
        postOnly: true,
        reduceOnly: false,
        priceTicks: 120_000 + 10 * (turn % 500) + 10 * index,
        quantityLots: 1_000 + index,
      },
      SUI,
    ),
  );
  return orderAction(orders);
}

/** Microseconds that each way took, by its name. */
async function measure(count: number): Promise<ReadonlyMap<string, readonly number[]>> {
  const times = new Map(WAYS.map(({ name }) => [name, [] as number[]]));
  for (let first = 0; first < WARM_UP + SAMPLES; first += BLOCK) {
    for (const { name, sign } of WAYS) {
      for (let turn = first; turn < first + BLOCK; turn += 1) {
        const action = ordersAction(turn, count);
        const nonce = START_MS + turn;
        const startNs = Bun.nanoseconds();
        const signature = sign(action, nonce, nonce + 5_000);
        if (signature instanceof Promise) await signature;
        const tookUs = (Bun.nanoseconds() - startNs) / 1_000;
        if (turn >= WARM_UP) times.get(name)?.push(tookUs);
      }
    }
  }
  return times;
}

const single = await measure(1);
const batch = await measure(BATCH);

function cells(times: ReadonlyMap<string, readonly number[]>, name: string): string {
  const samples = times.get(name) ?? [];
  const median = percentile(samples, 0.5);
  const ratio = median / percentile(times.get(OURS.name) ?? [], 0.5);
  return `${median.toFixed(0)} / ${percentile(samples, 0.99).toFixed(0)} | ${ratio.toFixed(2)}`;
}

const isMet = percentile(single.get(OURS.name) ?? [], 0.5) <= BUDGET_US;
const rows = WAYS.map(({ name }) => {
  const budget = name === OURS.name ? judged(`${BUDGET_US} of p50, one order`, isMet) : "";
  return `| ${name} | ${cells(single, name)} | ${cells(batch, name)} | ${budget} |`;
});
console.log(
  [
    `| p50 / p99, µs | one order | × ours | ${BATCH} orders | × ours | budget |`,
    "|---|---|---|---|---|---|",
    ...rows,
  ].join("\n"),
);
