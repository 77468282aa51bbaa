/** Answer of `userFees`: the venue's schedule, and what this account pays of it. */

import { plain } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";

/** Volume of 14 days; taker and maker rate from there on, of perps and of spot. */
const VIP_TIERS = [
  ["5000000.0", "0.0004", "0.00012", "0.0006", "0.0003"],
  ["25000000.0", "0.00035", "0.00008", "0.0005", "0.0002"],
  ["100000000.0", "0.0003", "0.00004", "0.0004", "0.0001"],
  ["500000000.0", "0.00028", "0.0", "0.00035", "0.0"],
  ["2000000000.0", "0.00026", "0.0", "0.0003", "0.0"],
  ["7000000000.0", "0.00024", "0.0", "0.00025", "0.0"],
] as const;
/** Share of maker volume, maker rate from there on. */
const MAKER_TIERS = [
  ["0.005", "-0.00001"],
  ["0.015", "-0.00002"],
  ["0.03", "-0.00003"],
] as const;
const BASE_TAKER = "0.00045";
const BASE_MAKER = "0.00015";
const SPOT_TAKER = "0.0007";
const SPOT_MAKER = "0.0004";

/** @param instrument whose rates the account pays; undefined: those of the schedule */
export function userFees(instrument: Instrument | undefined): Readonly<Record<string, unknown>> {
  return {
    dailyUserVlm: [],
    feeSchedule: {
      cross: BASE_TAKER,
      add: BASE_MAKER,
      spotCross: SPOT_TAKER,
      spotAdd: SPOT_MAKER,
      tiers: {
        vip: VIP_TIERS.map(([ntlCutoff, cross, add, spotCross, spotAdd]) => {
          return { ntlCutoff, cross, add, spotCross, spotAdd };
        }),
        mm: MAKER_TIERS.map(([makerFractionCutoff, add]) => ({ makerFractionCutoff, add })),
      },
      referralDiscount: "0.04",
      stakingDiscountTiers: [],
    },
    userCrossRate: instrument === undefined ? BASE_TAKER : plain(instrument.takerFeeRate),
    userAddRate: instrument === undefined ? BASE_MAKER : plain(instrument.makerFeeRate),
    userSpotCrossRate: SPOT_TAKER,
    userSpotAddRate: SPOT_MAKER,
    activeReferralDiscount: "0.0",
    trial: null,
    feeTrialEscrow: "0.0",
    nextTrialAvailableTimestamp: null,
    stakingLink: null,
    activeStakingDiscount: { bpsOfMaxSupply: "0.0", discount: "0.0" },
  };
}
