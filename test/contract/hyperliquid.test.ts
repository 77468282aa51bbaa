/** The contract of a venue, run against Hyperliquid on its mock, as master and as a sub-account. */

import { LACKS, startHyperliquid } from "./hyperliquid-under-test.ts";
import { describeFallback, describeVenue } from "./venue.suite.ts";
import type { VenueTraits } from "./venue-under-test.ts";

const TRAITS: VenueTraits = {
  kind: "perp",
  lacks: LACKS,
  replacesFilled: "whole",
  sharesSocket: true,
};

for (const trades of ["master", "sub-account"] as const) {
  describeVenue(`Hyperliquid, trading the ${trades}`, () => startHyperliquid(trades), TRAITS);
}
describeFallback("Hyperliquid by REST", () => startHyperliquid("master"), TRAITS);
