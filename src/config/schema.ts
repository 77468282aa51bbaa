/**
 * The config file as a schema; every type of the config is inferred from here. Field by field the
 * schema stands in sections/, its relations in relations.ts, the generated docs in docs/config.md.
 */

import * as v from "valibot";
import { section, text } from "./fields.ts";
import { PairSchema } from "./sections/pair.ts";
import { AccountsSchema, ControlSchema, RuntimeSchema, VenuesSchema } from "./sections/world.ts";

export const ConfigSchema = section(
  { effect: "Config of MM: one file for a run. Money and sizes are decimal strings." },
  {
    $schema: v.optional(
      text(
        { effect: "The JSON Schema, so that editors check and complete while you type." },
        'a path or address such as "./schema.json"',
        /^.+$/,
      ),
    ),
    stateDir: v.optional(
      text(
        {
          effect:
            "Folder of what a run keeps, relative to the folder of the config file: locks, so " +
            "that no pair is run twice.",
        },
        "a folder",
        /^.+$/,
      ),
      "./state",
    ),
    control: v.optional(ControlSchema, {}),
    runtime: v.optional(RuntimeSchema, {}),
    accounts: v.optional(AccountsSchema, {}),
    pairs: v.pipe(
      v.array(PairSchema, "must be a list of pairs"),
      v.minLength(1, "must have at least one pair"),
      v.maxLength(200, "must have at most 200 pairs"),
      v.metadata({ description: "The markets to make.", allowed: "a list of 1 to 200 pairs" }),
    ),
    venues: v.optional(VenuesSchema, {}),
  },
);

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/** A checked config: defaults filled in, nothing else changed. */
export type Config = DeepReadonly<v.InferOutput<typeof ConfigSchema>>;
export type PairConfig = Config["pairs"][number];
export type QuotingConfig = PairConfig["quoting"];
export type InstrumentOverride = NonNullable<PairConfig["instrumentOverride"]>;
export type SimulationConfig = PairConfig["simulation"];
