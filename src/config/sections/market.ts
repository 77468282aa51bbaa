/** What is traded where: `quote`, `hedgeOn`, `instrumentOverride` and `simulation` of a pair. */

import * as v from "valibot";
import {
  amount,
  choice,
  documented,
  feeRate,
  integer,
  number,
  positiveAmount,
  section,
  text,
} from "../fields.ts";

const account = v.optional(
  text(
    { effect: "Which of the accounts trades it. Needed in mode live." },
    "the name of an account",
    /^[A-Za-z][A-Za-z0-9_-]{0,31}$/,
  ),
);

const symbol = text(
  { effect: "The venue's own name of the instrument: ETHUSDT on Binance, SUI on Hyperliquid." },
  'a symbol such as "ETHUSDT"',
  /^[A-Za-z0-9:._/-]{1,40}$/,
);

const leverage = (effect: string): v.OptionalSchema<v.GenericSchema<number>, undefined> =>
  v.optional(integer({ unit: "times the margin", effect }, { min: 1 }));

const marginMode = v.optional(
  choice(
    {
      effect:
        "Whether the position shares the account's margin (cross) or has its own (isolated), " +
        'set together with leverage. Absent: "cross" where leverage is given.',
    },
    ["cross", "isolated"],
  ),
);

export const QuoteSchema = section(
  { effect: "Where the pair quotes." },
  {
    venue: choice(
      { effect: "Quoting venue. binance-perp can be quoted in backtests and paper runs only." },
      ["binance-spot", "binance-perp", "hyperliquid"],
    ),
    account,
    symbol,
    leverage: leverage(
      "Leverage of a perpetual future, set at the venue when a live pair starts. A start " +
        "needs margin for the pair's whole allotment at it. Absent: as the account has it.",
    ),
    marginMode,
  },
);

const asset = { effect: "Name of the currency, as the venue writes it." };
const ASSET = /^[A-Za-z0-9]{1,20}$/;

export const InstrumentOverrideSchema = section(
  {
    effect:
      "The venue's rules for prices and sizes, for runs without a venue (backtest). " +
      "Give tickSize, lotSize and minNotional together, or szDecimals alone on " +
      "Hyperliquid.",
  },
  {
    tickSize: v.optional(
      positiveAmount({
        unit: "quote currency",
        effect: "Step of prices: every price is a multiple of it.",
      }),
    ),
    lotSize: v.optional(
      positiveAmount({
        unit: "base currency",
        effect: "Step of sizes: every size is a multiple of it.",
      }),
    ),
    minNotional: v.optional(
      amount({
        unit: "quote currency",
        effect: 'Least value of an order. "10" where szDecimals is given and this is not.',
      }),
    ),
    szDecimals: v.optional(
      integer(
        {
          unit: "decimals of a size",
          effect:
            "Hyperliquid's way to give both steps: lot 10^-szDecimals; prices of five " +
            "significant figures and at most 6 − szDecimals decimals.",
        },
        { min: 0, max: 6 },
      ),
    ),
    base: v.optional(
      text(
        { effect: `${asset.effect} Absent: read from the symbol (ETHUSDT: ETH).` },
        'a currency such as "ETH"',
        ASSET,
      ),
    ),
    quote: v.optional(
      text(
        {
          effect: `${asset.effect} Absent: read from the symbol (ETHUSDT: USDT), or USDC.`,
        },
        'a currency such as "USDT"',
        ASSET,
      ),
    ),
    minSize: v.optional(
      amount({ unit: "base currency", effect: "Least size of an order. Absent: one lot." }),
    ),
    makerFeeRate: v.optional(
      feeRate({
        unit: "fraction of the value, negative for a rebate",
        effect:
          "Fee of a fill that rested. Absent: the venue's base rate, binance-spot 0.001, " +
          "binance-perp 0.0002, hyperliquid 0.00015.",
      }),
    ),
    takerFeeRate: v.optional(
      feeRate({
        unit: "fraction of the value, negative for a rebate",
        effect:
          "Fee of a fill that took. Absent: the venue's base rate, binance-spot 0.001, " +
          "binance-perp 0.0005, hyperliquid 0.00045.",
      }),
    ),
    maxOpenOrders: v.optional(
      integer(
        { unit: "orders", effect: "Open orders that the venue allows on this instrument." },
        { min: 1, max: 100_000 },
      ),
      200,
    ),
  },
);

export const HedgeOnSchema = section(
  { effect: "Where the pair hedges. Absent: no hedge." },
  {
    venue: choice({ effect: "Venue of the perpetual future that hedges." }, [
      "binance-perp",
      "hyperliquid",
    ]),
    account,
    symbol,
    leverage: leverage(
      "Leverage of the hedge, set at the venue when a live pair starts. A start needs margin " +
        "for the pair's whole capital at it. Absent: as the account has it.",
    ),
    marginMode,
    instrumentOverride: v.optional(InstrumentOverrideSchema),
  },
);

const FEE_ASSET_ALLOWED = '"received", "quote" or {"asset": "BNB", "price": "600"}';

const feeAsset = v.pipe(
  v.union(
    [
      v.picklist(["received", "quote"]),
      section(
        { effect: "Fees are charged in a third currency at a fixed price." },
        {
          asset: text(asset, 'a currency such as "BNB"', ASSET),
          price: positiveAmount({
            unit: "quote currency for one of it",
            effect: "Price at which fees are converted; it stays fixed for the whole run.",
          }),
        },
      ),
    ],
    ({ input }) =>
      typeof input === "object" && input !== null
        ? 'must have asset and price, such as {"asset": "BNB", "price": "600"}'
        : `must be ${FEE_ASSET_ALLOWED}`,
  ),
  documented<"received" | "quote" | { asset: string; price: string }>(
    {
      effect:
        "What the simulated exchange charges fees in: received = base on buys and " +
        "quote on sells (Binance Spot), quote = always the quote currency " +
        "(perpetuals). Absent: as the venue does it.",
    },
    FEE_ASSET_ALLOWED,
  ),
);

export const SimulationSchema = section(
  { effect: "The simulated exchange of backtest and paper runs; live runs ignore it." },
  {
    feeAsset: v.optional(feeAsset),
    base: v.optional(
      amount({
        unit: "base currency",
        effect: "Balance at the start. Absent: capital.initInventoryAmount.",
      }),
    ),
    quote: v.optional(
      amount({
        unit: "quote currency",
        effect: "Balance at the start. Absent: capital.initQuoteAmount.",
      }),
    ),
    hedgeQuote: v.optional(
      amount({
        unit: "quote currency of the hedge",
        effect:
          "What backs the hedge at the start, at the hedge venue. Absent: capital.initQuoteAmount.",
      }),
    ),
    latencyMs: v.optional(
      number(
        {
          unit: "milliseconds, one way",
          effect: "How long a paper run's orders and answers travel. A backtest has --latency.",
        },
        { min: 0, max: 60_000 },
      ),
      5,
    ),
    queue: v.optional(
      text(
        {
          effect:
            "How a paper run guesses our place in the queue of a price (docs/simulation.md). A " +
            "backtest has --queue.",
        },
        '"risk-averse", "power:N", "log", "power-2:N", "log-2" or "power-3:N" with N above 0',
        /^(?:risk-averse|log|log-2|power(?:-[23])?:(?=[\d.]*[1-9])\d+(?:\.\d+)?)$/,
      ),
      "power:3",
    ),
  },
);
