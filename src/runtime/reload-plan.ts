/**
 * What a config read anew means for the pairs that run: who is added, removed, told new
 * parameters, or must be stopped and started. Compares checked configs, so that comments, order
 * and defaults written out change nothing. Pure.
 */

import type { Config, PairConfig } from "#config/schema.ts";
import { legConfig, legNames } from "./legs.ts";

export interface ReloadPlan {
  readonly added: readonly PairConfig[];
  /** Ids. */
  readonly removed: readonly string[];
  readonly updated: readonly PairConfig[];
  readonly restarted: readonly PairConfig[];
  readonly unchanged: readonly string[];
  /** Changes that only a new start of the program brings about. */
  readonly warnings: readonly string[];
}

export function planReload(before: Config, after: Config): ReloadPlan {
  const plan = {
    added: new Array<PairConfig>(),
    updated: new Array<PairConfig>(),
    restarted: new Array<PairConfig>(),
    unchanged: new Array<string>(),
  };
  const old = new Map(before.pairs.map((pair) => [pair.id, pair]));
  for (const pair of after.pairs) {
    const was = old.get(pair.id);
    old.delete(pair.id);
    if (was === undefined) plan.added.push(pair);
    else if (!Bun.deepEquals(fixedPart(was, before), fixedPart(pair, after))) {
      plan.restarted.push(pair);
    } else if (!Bun.deepEquals(was, pair)) plan.updated.push(pair);
    else plan.unchanged.push(pair.id);
  }
  return { ...plan, removed: [...old.keys()], warnings: fixedWarnings(before, after) };
}

/** All that a running pair was built on, and that cannot be changed in flight. */
function fixedPart(pair: PairConfig, config: Config): unknown {
  const { quoting: _quoting, volatility: _volatility, risk: _risk, hedge: _hedge, ...fixed } = pair;
  const legs = legNames(pair).map((leg) => {
    const { account, venue } = legConfig(pair, leg);
    const isLive = pair.mode === "live" && account !== undefined;
    return {
      credentials: isLive ? config.accounts[account] : undefined,
      urls: config.venues[venue],
    };
  });
  return { ...fixed, legs, runtime: config.runtime };
}

function fixedWarnings(before: Config, after: Config): string[] {
  return (["stateDir", "control"] as const)
    .filter((section) => !Bun.deepEquals(before[section], after[section]))
    .map((section) => `${section}: the change takes effect when mm is started anew`);
}
