/**
 * Lets the SDK's own type declarations judge samples: writes them into a TypeScript file as object
 * literals of the SDK's types, where a field that the type does not have is an error, and compiles
 * it. May import this folder.
 */

import { compileLines, type Line, literalOf, refused, tainted } from "./compiled-lines.ts";
import { isRecord, type Sample } from "./samples.ts";

/** Where the SDK's declarations are narrower than the wire is documented. */
export interface Exception {
  readonly labels: readonly string[];
  /** Of the field that the SDK's type does not know, or knows with another type. */
  readonly path: string;
  readonly reason: string;
}

/** What the samples of one SDK are judged by. */
export interface JudgeRules {
  /** What the types of samples need: imports and helpers. */
  readonly prelude: string;
  /** Were any of these accepted, the compiler would not be judging. */
  readonly controls: readonly (readonly [type: string, literal: string])[];
  /** By label, the fields that must be there; `a[].b` for each of a list that must not be empty. */
  readonly documented: ReadonlyMap<string, readonly string[]>;
  readonly exceptions: readonly Exception[];
  /** Labels whose declared type lets everything through, so that it cannot judge. */
  readonly openTypes: ReadonlySet<string>;
  /** Labels to be judged by another type than their method's. */
  readonly otherTypes: ReadonlyMap<string, string>;
}

/** @returns what is wrong with the samples, one line each; empty where nothing is */
export async function judge(
  samples: readonly Sample[],
  rules: JudgeRules,
): Promise<readonly string[]> {
  return [
    ...missingFields(samples, rules),
    ...staleEntries(samples, rules),
    ...(await typeErrors(samples, rules)),
  ];
}

/** Documented fields that a sample lacks: the SDK's types have them all optional. */
function missingFields(samples: readonly Sample[], { documented }: JudgeRules): readonly string[] {
  return [...Map.groupBy(samples, ({ label }) => label)].flatMap(([label, alike]) => {
    const paths = documented.get(label);
    if (paths === undefined) return [`${label}: no documented fields are listed for it`];
    const founds = paths.map(
      (path) => [path, alike.map(({ value }) => find(value, path))] as const,
    );
    return founds.flatMap(([path, found]) => {
      if (found.includes("missing")) return [`${label}: lacks the documented ${path}`];
      return found.includes("there") ? [] : [`${label}: the list of ${path} was always empty`];
    });
  });
}

/** Entries of the tables that no sample met: what they speak of was never seen. */
function staleEntries(samples: readonly Sample[], rules: JudgeRules): readonly string[] {
  const seen = new Set(samples.map(({ label }) => label));
  const { documented, openTypes, otherTypes, exceptions } = rules;
  const excepted = exceptions.flatMap(({ labels }) => labels);
  const labels = [...documented.keys(), ...openTypes, ...otherTypes.keys(), ...excepted];
  return [...new Set(labels)]
    .filter((label) => !seen.has(label))
    .map((label) => `${label}: listed, but no scenario got one`);
}

async function typeErrors(
  samples: readonly Sample[],
  rules: JudgeRules,
): Promise<readonly string[]> {
  const { controls, openTypes, prelude } = rules;
  const lines = [
    ...controls.map(([type, literal]) => refused("control", type, literal)),
    ...fullestOfEach(samples)
      .filter(({ label }) => !openTypes.has(label))
      .map((sample) =>
        refused(sample.label, typeOf(sample, rules), literalOf(tainted(sample.value))),
      ),
    ...samples.flatMap((sample) => linesOf(sample, rules)),
  ];
  return compileLines(prelude, lines);
}

/** One sample of each label, the longest: its lists are not empty, if any are not. */
function fullestOfEach(samples: readonly Sample[]): readonly Sample[] {
  return [...Map.groupBy(samples, ({ label }) => label).values()].flatMap((alike) =>
    alike.toSorted((a, b) => literalOf(b.value).length - literalOf(a.value).length).slice(0, 1),
  );
}

/** The compiler must accept the sample without its exceptions, and refuse it with any of them. */
function linesOf(sample: Sample, rules: JudgeRules): readonly Line[] {
  const { label, value } = sample;
  const type = typeOf(sample, rules);
  const exceptions = rules.exceptions.filter(
    ({ labels, path }) => labels.includes(label) && isAffected(value, path),
  );
  const rest = (kept?: Exception): unknown =>
    exceptions
      .filter((exception) => exception !== kept)
      .reduce((left, { path }) => without(left, path.split(".")), value);
  return [
    { label, type, literal: literalOf(rest()), isRefused: false },
    ...exceptions.map((exception) => refused(label, type, literalOf(rest(exception)))),
  ];
}

function typeOf({ label, type }: Sample, { otherTypes }: JudgeRules): string {
  return otherTypes.get(label) ?? type;
}

/** Whether every `a.b[].c` is there; of an empty list nobody can tell. */
function find(value: unknown, path: string): "there" | "missing" | "empty" {
  const [head = "", ...tail] = path.split(".");
  const name = head.replace(/\[\]$/, "");
  const member = name === "" || !isRecord(value) ? value : value[name];
  if (member === undefined || (name !== "" && !isRecord(value))) return "missing";
  const rest = tail.join(".");
  if (!head.endsWith("[]")) return rest === "" ? "there" : find(member, rest);
  if (!Array.isArray(member)) return "missing";
  if (member.length === 0) return "empty";
  const founds = rest === "" ? ["there" as const] : member.map((item) => find(item, rest));
  return founds.find((found) => found !== "there") ?? "there";
}

/** The value with a field taken out, in each member of a list for `[]`. */
function without(value: unknown, [head = "", ...tail]: readonly string[]): unknown {
  if (head === "[]") {
    return Array.isArray(value) ? value.map((item: unknown) => without(item, tail)) : value;
  }
  if (!isRecord(value)) return value;
  const { [head]: member, ...others } = value;
  return tail.length === 0 ? others : { ...others, [head]: without(member, tail) };
}

function isAffected(value: unknown, path: string): boolean {
  return literalOf(without(value, path.split("."))) !== literalOf(value);
}
