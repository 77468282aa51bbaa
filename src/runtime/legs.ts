/**
 * The legs of a pair: where it quotes, and where it hedges. Named as their sections of the config.
 * Pure.
 */

import type { PairConfig } from "#config/schema.ts";
import { InvariantError } from "#domain/errors.ts";

export type LegName = "quote" | "hedgeOn";

/** A leg's section of the config. */
type LegConfig = PairConfig["quote"] | NonNullable<PairConfig["hedgeOn"]>;

/** The legs that a pair has by its config, the quoting one first. */
export function legNames({ hedgeOn }: PairConfig): readonly LegName[] {
  return hedgeOn === undefined ? ["quote"] : ["quote", "hedgeOn"];
}

/** @throws {InvariantError} for a leg that the pair does not have */
export function legConfig(pair: PairConfig, leg: LegName): LegConfig {
  const section = pair[leg];
  if (section === undefined) throw new InvariantError(`pair ${pair.id} has no ${leg}`);
  return section;
}
