/** One perp of the venue, and what the account has on it. May import this folder. */

import type { PerpFilters } from "./filters.ts";
import type { PerpRecords } from "./order-records.ts";
import type { PerpSymbol } from "./perp-symbol.ts";

export interface Listing {
  readonly market: PerpSymbol;
  readonly filters: PerpFilters;
  readonly records: PerpRecords;
}
