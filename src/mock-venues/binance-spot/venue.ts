/** What the mock venue is, apart from its sockets. May import this folder. */

import type { BinanceVenue } from "../binance/venue.ts";
import type { Listing, MockAccount } from "./account.ts";
import type { SymbolStatus } from "./market-front.ts";

export type Venue = BinanceVenue<SymbolStatus, Listing, MockAccount>;
