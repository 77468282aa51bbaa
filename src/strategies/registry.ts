/** The strategies that come with MM, by the name that a config gives. */

import { InputError } from "#domain/errors.ts";
import { autoStrategy } from "./auto.ts";
import { fixedShape } from "./shapes.ts";
import type { Strategy, StrategyFactory } from "./strategy.ts";

export const STRATEGIES: ReadonlyMap<string, StrategyFactory> = new Map([
  ["spot", fixedShape("spot")],
  ["curve", fixedShape("curve")],
  ["bid-ask", fixedShape("bid-ask")],
  ["auto", autoStrategy],
]);

/** @throws {InputError} `unknown-strategy` */
export function strategyFactory(name: string): StrategyFactory {
  const factory = STRATEGIES.get(name);
  if (factory === undefined) {
    throw new InputError("unknown-strategy", `there is no strategy ${JSON.stringify(name)}`, {
      hint: `use one of ${[...STRATEGIES.keys()].join(", ")}, or {"module": "./file.ts"}`,
    });
  }
  return factory;
}

/** Whether a value that a user's module made can serve as a strategy. */
export function isStrategy(value: unknown): value is Strategy {
  return (
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    typeof value.name === "string" &&
    "prepare" in value &&
    typeof value.prepare === "function" &&
    "weigh" in value &&
    typeof value.weigh === "function" &&
    (!("price" in value) || typeof value.price === "function")
  );
}
