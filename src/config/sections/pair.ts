/** One entry of `pairs`, with its small sections `capital` and `volatility`. */

import * as v from "valibot";
import { amount, choice, integer, number, section, text } from "../fields.ts";
import { HedgeSchema } from "./hedge.ts";
import {
  HedgeOnSchema,
  InstrumentOverrideSchema,
  QuoteSchema,
  SimulationSchema,
} from "./market.ts";
import { QuotingSchema } from "./quoting.ts";
import { RiskSchema } from "./risk.ts";

const CapitalSchema = section(
  { effect: "What the pair may trade with." },
  {
    initInventoryAmount: amount({
      unit: "base currency",
      effect:
        'Inventory allotted to the pair at its first start. "0" starts all in quote ' +
        "currency and needs targetIqvRatio.",
    }),
    initQuoteAmount: amount({
      unit: "quote currency",
      effect: "Quote currency allotted to the pair at its first start.",
    }),
    targetIqvRatio: v.optional(
      number(
        {
          unit: "inventory value over all value, 0 to 1",
          effect:
            "The ratio that the ladder steers to. Absent: that of the initial amounts at " +
            "the first price.",
        },
        { above: 0, below: 1 },
      ),
    ),
    reservePct: v.optional(
      number(
        {
          unit: "per cent of each side's capital",
          effect: "Kept out of the ladder: 5 leaves 5 % unquoted.",
        },
        { min: 0, below: 100 },
      ),
      0,
    ),
  },
);

const VolatilitySchema = section(
  { effect: "How volatility is measured: 0.3 short + 0.4 EWMA + 0.3 long." },
  {
    sampleIntervalSeconds: v.optional(
      number(
        { unit: "seconds", effect: "The price is sampled on a grid of this step." },
        { min: 0.01, max: 86_400 },
      ),
      1,
    ),
    historyLimit: v.optional(
      integer(
        {
          unit: "samples",
          effect:
            "Prices of the past that are asked of the venue at the start, to warm up. A backtest " +
            "has none.",
        },
        { min: 2, max: 1_000_000 },
      ),
      1000,
    ),
    shortWindow: v.optional(
      integer(
        {
          unit: "samples",
          effect: "Returns in the short standard deviation; no volatility before it is full.",
        },
        { min: 2, max: 1_000_000 },
      ),
      60,
    ),
    longWindow: v.optional(
      integer(
        {
          unit: "samples",
          effect: "Returns in the long standard deviation, of as many as there are until then.",
        },
        { min: 2, max: 1_000_000 },
      ),
      600,
    ),
    ewmaLambda: v.optional(
      number(
        { unit: "weight of the past", effect: "Decay of the EWMA: nearer to 1 is slower." },
        { above: 0, below: 1 },
      ),
      0.94,
    ),
    horizonSeconds: v.optional(
      number(
        {
          unit: "seconds",
          effect:
            "Volatility is scaled to this span: 31536000 is a year; 3600 gives per cent an " +
            "hour, and the thresholds mean that too.",
        },
        { above: 0 },
      ),
      31_536_000,
    ),
    source: v.optional(
      choice(
        { effect: "Which price is sampled: the mid of the quoting venue, or the reference price." },
        ["mid", "reference"],
      ),
      "mid",
    ),
  },
);

export const PairSchema = section(
  { effect: "One market to make." },
  {
    id: text(
      { effect: "Name of the pair in commands, reports and order ids; it must be its own." },
      "1 to 12 letters and digits",
      /^[A-Za-z0-9]{1,12}$/,
    ),
    mode: v.optional(
      choice(
        {
          effect:
            "live trades with money, paper trades on the live feed with simulated fills. A " +
            "backtest ignores it.",
        },
        ["live", "paper"],
      ),
      "paper",
    ),
    quote: QuoteSchema,
    hedgeOn: v.optional(HedgeOnSchema),
    capital: CapitalSchema,
    quoting: QuotingSchema,
    volatility: v.optional(VolatilitySchema, {}),
    hedge: v.optional(HedgeSchema),
    risk: v.optional(RiskSchema, {}),
    instrumentOverride: v.optional(InstrumentOverrideSchema),
    simulation: v.optional(SimulationSchema, {}),
  },
);
