/** The venues that can be traded, by name. */

import { InputError } from "#domain/errors.ts";
import type { VenueId } from "#domain/instrument.ts";
import { binancePerp } from "./binance-perp/module.ts";
import { binanceSpot } from "./binance-spot/module.ts";
import { hyperliquid } from "./hyperliquid/module.ts";
import type { VenueModule } from "./venue.ts";

const MODULES: ReadonlyMap<VenueId, VenueModule> = new Map([
  ["binance-spot", binanceSpot],
  ["binance-perp", binancePerp],
  ["hyperliquid", hyperliquid],
]);

/** @throws {InputError} `unsupported-venue` */
export function venueModule(id: VenueId): VenueModule {
  const module = MODULES.get(id);
  if (module !== undefined) return module;
  throw new InputError("unsupported-venue", `${id} cannot be traded yet`, {
    hint: `quote on ${[...MODULES.keys()].join(" or ")}`,
  });
}
