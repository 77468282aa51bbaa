/**
 * The strategy that a pair's config names: one of ours, or a TypeScript file of the user's, loaded
 * at run time (from the compiled executable too). It runs the user's code: that is its purpose.
 */

import { existsSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { InputError, messageOf } from "#domain/errors.ts";
import { isStrategy, strategyFactory } from "#strategies/registry.ts";
import type { Strategy } from "#strategies/strategy.ts";
import { strategyParams } from "./engine-params.ts";
import type { PairConfig } from "./schema.ts";

/** What a user's module must export by this name. */
const EXPORT = "createStrategy";
const HINT = `it must export a function ${EXPORT}(params) as docs/strategies.md shows`;

/** Makes strategies of one pair: a new one, without memory, at each call. */
export type StrategySource = () => Strategy;

/**
 * Finds the strategy of a pair.
 * @param configDir folder that a module's path is relative to
 * @throws {InputError} `unknown-strategy`, `no-strategy-module`, `bad-strategy-module`; what is
 *   made of a module throws `bad-strategy` where the user's code does
 */
export async function loadStrategy(pair: PairConfig, configDir: string): Promise<StrategySource> {
  const params = strategyParams(pair);
  const { strategy } = pair.quoting;
  if (typeof strategy === "string") {
    const factory = strategyFactory(strategy);
    return () => factory(params);
  }
  const path = isAbsolute(strategy.module) ? strategy.module : resolve(configDir, strategy.module);
  const factory = await importFactory(path, pair.id);
  const place = `pair ${pair.id}, ${path}`;
  return () => {
    const made = attempt(() => factory(params), EXPORT, place);
    if (isStrategy(made)) return guarded(made, place);
    throw badModule(path, pair.id, `${EXPORT} gave no strategy`);
  };
}

/** The user's strategy, whose mistakes are told as such: they are no bugs of ours. */
function guarded(strategy: Strategy, place: string): Strategy {
  const { name } = strategy;
  const price = strategy.price?.bind(strategy);
  const checked: Strategy = {
    name,
    prepare(context) {
      const shape: unknown = attempt(() => strategy.prepare(context), "prepare", place);
      if (typeof shape === "string") return shape;
      throw new InputError("bad-strategy", "prepare gave no name of a shape", { where: place });
    },
    weigh(side, levels, weights) {
      attempt(() => strategy.weigh(side, levels, weights), "weigh", place);
    },
  };
  if (price === undefined) return checked;
  return {
    ...checked,
    price(side, levels, prices) {
      attempt(() => price(side, levels, prices), "price", place);
    },
  };
}

function attempt<Result>(call: () => Result, name: string, place: string): Result {
  try {
    return call();
  } catch (cause) {
    const message = `${name} failed: ${messageOf(cause)}`;
    throw new InputError("bad-strategy", message, { where: place, cause });
  }
}

async function importFactory(path: string, pairId: string): Promise<(params: unknown) => unknown> {
  // Looked for first: a missing file and a failing import in it are different mistakes.
  if (!existsSync(path)) {
    throw new InputError("no-strategy-module", `there is no file ${path}`, {
      where: `pair ${pairId}, quoting.strategy.module`,
      hint: "the path is relative to the folder of the config file",
    });
  }
  let loaded: Record<string, unknown>;
  try {
    loaded = await import(pathToFileURL(path).href);
  } catch (cause) {
    throw badModule(path, pairId, `cannot be loaded: ${loadMessage(cause)}`, cause);
  }
  const factory = loaded[EXPORT];
  if (!isFunction(factory)) throw badModule(path, pairId, `does not export ${EXPORT}`);
  return factory;
}

/** A file that does not parse comes as several errors, each with its place: the first says it. */
function loadMessage(cause: unknown): string {
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  if (!(first instanceof BuildMessage) || first.position === null) return messageOf(first);
  const { line, column } = first.position;
  return `${first.message} at line ${line}:${column}`;
}

function isFunction(value: unknown): value is (params: unknown) => unknown {
  return typeof value === "function";
}

function badModule(path: string, pairId: string, what: string, cause?: unknown): InputError {
  return new InputError("bad-strategy-module", `${path} ${what}`, {
    where: `pair ${pairId}, quoting.strategy.module`,
    hint: HINT,
    cause,
  });
}
