/** The contract of a venue, run against Binance USD-M on its mock, with both kinds of key. */

import { startBinancePerp } from "./binance-perp-under-test.ts";
import { describeFallback, describeVenue } from "./venue.suite.ts";
import type { VenueTraits } from "./venue-under-test.ts";

const TRAITS: VenueTraits = { kind: "perp", replacesFilled: "cancels" };

for (const kind of ["ed25519", "hmac"] as const) {
  describeVenue(`Binance USD-M with a key of ${kind}`, () => startBinancePerp(kind), TRAITS);
}
describeFallback("Binance USD-M by REST", () => startBinancePerp("ed25519"), TRAITS);
