/** Options that more than one command takes: reading and checking what was typed. */

import type { Config, PairConfig } from "#config/schema.ts";
import { isDecimalString } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";

/** The pair that `--pair` names; without it, the only one there is. */
export function choosePair(config: Config, id: string | undefined, where: string): PairConfig {
  const ids = config.pairs.map((pair) => pair.id).join(", ");
  const [first] = config.pairs;
  if (id === undefined && config.pairs.length === 1 && first !== undefined) return first;
  if (id === undefined) {
    throw new InputError("no-pair", `the config has several pairs: ${ids}`, {
      where,
      hint: "name one with --pair",
    });
  }
  const pair = config.pairs.find((candidate) => candidate.id === id);
  if (pair !== undefined) return pair;
  throw new InputError("no-pair", `there is no pair ${JSON.stringify(id)}; there is ${ids}`, {
    where,
  });
}

/** A plain decimal that is not negative. */
export function amountOption(text: string, option: string): string {
  if (isDecimalString(text) && !text.startsWith("-")) return text;
  throw new InputError("bad-option", `${JSON.stringify(text)} is no amount`, {
    where: option,
    hint: "give a plain decimal of at least 0, such as 12.5",
  });
}

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A time such as `5ms`, `90s`, `10m` or `2h`, in milliseconds; undefined where it is none. */
export function durationMs(text: string): number | undefined {
  const [, figure = "", unit = ""] = DURATION.exec(text) ?? [];
  const factor = UNIT_MS[unit];
  return factor === undefined ? undefined : Number(figure) * factor;
}
