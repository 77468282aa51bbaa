/**
 * Builders of config fields. Each field carries one phrase of what it allows (with its unit) and
 * one text of what it does; errors, the JSON Schema and docs/config.md are all made from the two.
 * May import domain only.
 */

import * as v from "valibot";
import { decimal, decimalOfNumber, plain } from "#domain/decimal.ts";

/** What a field does, for people. */
interface About {
  /** One or more sentences: what the value changes. */
  readonly effect: string;
  /** What one of it is: `milliseconds`, `base currency`; absent for words and switches. */
  readonly unit?: string;
}

interface Range {
  readonly above?: number;
  readonly min?: number;
  readonly below?: number;
  readonly max?: number;
}

type NumberAction = v.PipeAction<number, number, v.BaseIssue<unknown>>;

const UNSIGNED = /^(?:\d+\.?\d*|\.\d+)$/;
const UNSIGNED_ABOVE_ZERO = /^(?=.*[1-9])(?:\d+\.?\d*|\.\d+)$/;
const SIGNED = /^-?(?:\d+\.?\d*|\.\d+)$/;

/** A finite number within a range. */
export function number(about: About, range: Range): v.GenericSchema<number> {
  return numeric(about, range, "a number");
}

/** A whole number within a range. */
export function integer(about: About, range: Range): v.GenericSchema<number> {
  return numeric(about, range, "a whole number");
}

function numeric(about: About, range: Range, noun: string): v.GenericSchema<number> {
  const allowed = [noun, rangePhrase(range)].filter((part) => part !== "").join(" ");
  const message = mustBe(about, allowed);
  const actions: NumberAction[] =
    noun === "a number" ? [v.finite(message)] : [v.safeInteger(message)];
  if (range.above !== undefined) actions.push(v.gtValue(range.above, message));
  if (range.min !== undefined) actions.push(v.minValue(range.min, message));
  if (range.below !== undefined) actions.push(v.ltValue(range.below, message));
  if (range.max !== undefined) actions.push(v.maxValue(range.max, message));
  return v.pipe(v.number(message), ...actions, documented<number>(about, allowed));
}

function rangePhrase({ above, min, below, max }: Range): string {
  if (min !== undefined && max !== undefined) return `from ${min} to ${max}`;
  const parts: string[] = [];
  if (above !== undefined) parts.push(`above ${above}`);
  if (min !== undefined) parts.push(`of at least ${min}`);
  if (below !== undefined) parts.push(`below ${below}`);
  if (max !== undefined) parts.push(`at most ${max}`);
  return parts.join(" and ");
}

/** Money or a size as a plain decimal string of at least 0. */
export function amount(about: About): v.GenericSchema<string> {
  return decimalString(about, 'a decimal string of at least 0, such as "0.1"', UNSIGNED);
}

/** Money or a size as a plain decimal string above 0. */
export function positiveAmount(about: About): v.GenericSchema<string> {
  return decimalString(about, 'a decimal string above 0, such as "0.1"', UNSIGNED_ABOVE_ZERO);
}

/** A fee rate as a plain decimal string; negative for a rebate. */
export function feeRate(about: About): v.GenericSchema<string> {
  const allowed = 'a decimal string from "-0.05" to "0.05"';
  const message = mustBe(about, allowed);
  // The limit catches the usual slip: "0.1" meant as 0.1 per cent.
  const small = v.check(
    (rate: string) => SIGNED.test(rate) && decimal(rate).abs().lte("0.05"),
    message,
  );
  return v.pipe(decimalString(about, allowed, SIGNED), small, documented(about, allowed));
}

function decimalString(about: About, allowed: string, pattern: RegExp): v.GenericSchema<string> {
  const message = mustBe(about, allowed);
  const typeMessage = ({ input }: { readonly input: unknown }): string =>
    typeof input === "number" && Number.isFinite(input)
      ? `write it as a string: "${plain(decimalOfNumber(input))}"`
      : message;
  return v.pipe(v.string(typeMessage), v.regex(pattern, message), documented(about, allowed));
}

/** Text of one form. @param allowed what the pattern means, in words */
export function text(about: About, allowed: string, pattern: RegExp): v.GenericSchema<string> {
  const message = mustBe(about, allowed);
  return v.pipe(v.string(message), v.regex(pattern, message), documented(about, allowed));
}

/** One of a few words. */
export function choice<const T extends string>(
  about: About,
  words: readonly T[],
): v.GenericSchema<T> {
  const allowed = oneOf(words);
  return v.pipe(v.picklist(words, mustBe(about, allowed)), documented(about, allowed));
}

/** `true` or `false`. */
export function flag(about: About): v.GenericSchema<boolean> {
  const allowed = "true or false";
  return v.pipe(v.boolean(mustBe(about, allowed)), documented(about, allowed));
}

type ObjectMessage = (issue: v.StrictObjectIssue) => string;
type ObjectOutput<T extends v.ObjectEntries> = v.InferOutput<
  v.StrictObjectSchema<T, ObjectMessage>
>;

/** An object of known keys; any other key is refused. */
export function section<const T extends v.ObjectEntries>(
  about: About,
  entries: T,
): v.SchemaWithPipe<
  readonly [
    v.StrictObjectSchema<T, ObjectMessage>,
    v.MetadataAction<ObjectOutput<T>, Record<string, unknown>>,
  ]
> {
  const names = Object.keys(entries).join(", ");
  const message = (issue: v.StrictObjectIssue): string =>
    missingEntry(issue, entries) ?? `must be an object with ${names}`;
  return v.pipe(v.strictObject(entries, message), documented<ObjectOutput<T>>(about, "an object"));
}

/** A missing key is reported by its object: say what the key itself asks for. */
function missingEntry(issue: v.StrictObjectIssue, entries: v.ObjectEntries): string | undefined {
  const key = issue.path?.[0].key;
  const entry = typeof key === "string" ? entries[key] : undefined;
  const allowed = entry === undefined ? undefined : allowedOf(entry);
  return allowed === undefined ? undefined : `must be ${allowed}`;
}

/** The phrase of what a field allows. */
function allowedOf(schema: v.ObjectEntries[string]): string | undefined {
  const metadata: Record<string, unknown> = v.getMetadata(schema);
  const allowed = metadata["allowed"];
  return typeof allowed === "string" ? allowed : undefined;
}

function mustBe(about: About, allowed: string): string {
  return `must be ${withUnit(about, allowed)}`;
}

function withUnit({ unit }: About, allowed: string): string {
  return unit === undefined ? allowed : `${allowed} (${unit})`;
}

/** Attaches what errors, the JSON Schema and the docs say of a field. */
export function documented<T>(
  about: About,
  allowed: string,
): v.MetadataAction<T, Record<string, unknown>> {
  return v.metadata({ description: about.effect, allowed: withUnit(about, allowed) });
}

function oneOf(words: readonly string[]): string {
  const quoted = words.map((word) => JSON.stringify(word));
  const last = quoted.at(-1) ?? "";
  return quoted.length < 2 ? last : `${quoted.slice(0, -1).join(", ")} or ${last}`;
}
