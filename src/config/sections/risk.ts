/** The `risk` section of a pair: the limits of the guards between plan and wire. */

import * as v from "valibot";
import { integer, number, positiveAmount, section } from "../fields.ts";

const ms = (effect: string): { unit: string; effect: string } => ({ unit: "milliseconds", effect });

const DAY_MS = 86_400_000;

const market = {
  staleBookMs: v.optional(
    integer(
      ms("Quotes are pulled when no message came for this long and the connection is silent too."),
      {
        min: 1,
        max: DAY_MS,
      },
    ),
    3000,
  ),
  quietBookMs: v.optional(
    integer(
      ms(
        "Quotes are pulled when the book did not change for this long, even on a live connection.",
      ),
      { min: 1, max: DAY_MS },
    ),
    15_000,
  ),
  maxReferenceDivergencePct: v.optional(
    number(
      {
        unit: "per cent of the reference price",
        effect: "Quotes are pulled when the mid is further than this from the reference price.",
      },
      { above: 0, max: 100 },
    ),
    2,
  ),
};

const exposure = {
  maxOrderNotional: v.optional(
    positiveAmount({
      unit: "quote currency",
      effect: "An order of more value is denied. Absent: no limit.",
    }),
  ),
  maxOpenOrders: v.optional(
    integer(
      { unit: "orders", effect: "Orders beyond this many are denied. Absent: no limit." },
      { min: 1, max: 100_000 },
    ),
  ),
  maxPositionNotional: v.optional(
    positiveAmount({
      unit: "quote currency",
      effect: "Inventory and all bids together are kept within this value. Absent: no limit.",
    }),
  ),
  maxNetDelta: v.optional(
    positiveAmount({
      unit: "base currency",
      effect:
        "How far from its target inventory may get (a perp: how far from 0 its position), orders " +
        "of a side included. Absent: no limit.",
    }),
  ),
  minLiquidationDistancePct: v.optional(
    number(
      {
        unit: "per cent of the mid",
        effect:
          "Perpetual futures: where the mid is nearer than this to the liquidation price, the " +
          "side that adds to the position is switched off.",
      },
      { above: 0, below: 100 },
    ),
    10,
  ),
};

const orders = {
  rejectStreakLimit: v.optional(
    integer(
      { unit: "rejects in a row", effect: "After this many the pair backs off and re-prices." },
      { min: 1, max: 1000 },
    ),
    5,
  ),
  unknownOrderAgeMs: v.optional(
    integer(ms("An order of unknown fate for this long makes the pair reconcile with the venue."), {
      min: 1,
      max: DAY_MS,
    }),
    10_000,
  ),
  fillRateLimit: v.optional(
    integer(
      {
        unit: "fills of one side",
        effect:
          "More within fillRateWindowMs widen the ladder, then switch that side off. " +
          "Absent: no limit.",
      },
      { min: 1, max: 1_000_000 },
    ),
  ),
  fillRateWindowMs: v.optional(
    integer(ms("Window in which fillRateLimit counts."), { min: 1, max: DAY_MS }),
    10_000,
  ),
  actionsPer10s: v.optional(
    integer(
      {
        unit: "order messages in 10 seconds",
        effect:
          "Budget of orders placed, moved and amended, nearest levels first. Cancels are free.",
      },
      { min: 1, max: 100_000 },
    ),
    50,
  ),
  actionReservePct: v.optional(
    number(
      {
        unit: "per cent of the budget",
        effect:
          "Below this much of the budget fewer levels are looked after, less often, the more so " +
          "the less is left.",
      },
      { min: 0, below: 100 },
    ),
    20,
  ),
};

const losses = {
  maxDrawdownPct: v.optional(
    number(
      {
        unit: "per cent of the equity peak",
        effect:
          "A deeper fall of equity (marked to the mid, transfers left out) stops the " +
          "pair until re-armed by hand. Absent: no limit.",
      },
      { above: 0, max: 100 },
    ),
  ),
  maxDailyLossPct: v.optional(
    number(
      {
        unit: "per cent of the equity at the start of the UTC day",
        effect:
          "A larger loss within the day stops the pair until re-armed by hand. Absent: no limit.",
      },
      { above: 0, max: 100 },
    ),
  ),
};

const clock = {
  clockOffsetAlertMs: v.optional(
    integer(ms("An alert is raised when our clock and the venue's are further apart."), {
      min: 0,
      max: 60_000,
    }),
    500,
  ),
  clockOffsetRefuseMs: v.optional(
    integer(ms("The pair refuses to start when the clocks are further apart."), {
      min: 0,
      max: 60_000,
    }),
    1000,
  ),
};

export const RiskSchema = section(
  { effect: "Limits that are checked before every order and on every event." },
  { ...market, ...exposure, ...orders, ...losses, ...clock },
);
