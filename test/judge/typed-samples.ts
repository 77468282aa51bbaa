/**
 * Lets the SDK's own type declarations judge samples: writes them into a TypeScript file as object
 * literals of the SDK's types, where a field that the type does not have is an error, and compiles
 * it. May import this folder.
 */

import { compileLines, type Line, literalOf, refused, tainted } from "./compiled-lines.ts";
import { isRecord, type Sample } from "./samples.ts";
import { DOCUMENTED, EXCEPTIONS, type Exception, OPEN_TYPES, OTHER_TYPES } from "./wire-tables.ts";

/** What a client's method hands out, taken from the method itself. */
const PRELUDE = `import type {
  SpotRestAPI,
  SpotWebsocketAPI,
  SpotWebsocketStreams,
} from "@binance/spot";

type Rest = SpotRestAPI.RestAPI;
type Ws = SpotWebsocketAPI.WebsocketAPIConnection;
type Streams = SpotWebsocketStreams.WebsocketStreamsConnection;
type Answer<F extends (...args: never[]) => unknown> = Awaited<ReturnType<F>>;
type RestAnswer<M extends keyof Rest> = Answer<Rest[M]>;
type RestData<M extends keyof Rest> = Answer<RestAnswer<M>["data"]>;
type WsAnswer<M extends keyof Ws> = Answer<Ws[M]>;
type Streamed<M extends "aggTrade" | "bookTicker" | "diffBookDepth" | "kline"
  | "partialBookDepth" | "trade"> = Parameters<Parameters<ReturnType<Streams[M]>["on"]>[1]>[0];
`;

/** Were any of these accepted, the compiler would not be judging. */
const CONTROLS: readonly (readonly [type: string, literal: string])[] = [
  ['RestData<"newOrder">', '{ orderId: 1, "a field that is none": 1 }'],
  ['RestData<"newOrder">', '{ orderId: "1" }'],
  ['RestData<"newOrder">', '{ fills: [{ price: "1", "a field that is none": 1 }] }'],
  ['RestData<"exchangeInfo">', '{ symbols: [{ filters: [{ filterType: "NO_FILTER" }] }] }'],
  ['WsAnswer<"orderPlace">', '{ data: { "a field that is none": 1 } }'],
  ['Streamed<"trade">', "{ p: 1 }"],
];

/** @returns what is wrong with the samples, one line each; empty where nothing is */
export async function judge(samples: readonly Sample[]): Promise<readonly string[]> {
  return [...missingFields(samples), ...staleEntries(samples), ...(await typeErrors(samples))];
}

/** Documented fields that a sample lacks: the SDK's types have them all optional. */
function missingFields(samples: readonly Sample[]): readonly string[] {
  return [...Map.groupBy(samples, ({ label }) => label)].flatMap(([label, alike]) => {
    const paths = DOCUMENTED.get(label);
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
function staleEntries(samples: readonly Sample[]): readonly string[] {
  const seen = new Set(samples.map(({ label }) => label));
  const excepted = EXCEPTIONS.flatMap(({ labels }) => labels);
  const labels = [...DOCUMENTED.keys(), ...OPEN_TYPES, ...OTHER_TYPES.keys(), ...excepted];
  return [...new Set(labels)]
    .filter((label) => !seen.has(label))
    .map((label) => `${label}: listed, but no scenario got one`);
}

async function typeErrors(samples: readonly Sample[]): Promise<readonly string[]> {
  const lines = [
    ...CONTROLS.map(([type, literal]) => refused("control", type, literal)),
    ...fullestOfEach(samples)
      .filter(({ label }) => !OPEN_TYPES.has(label))
      .map((sample) => refused(sample.label, typeOf(sample), literalOf(tainted(sample.value)))),
    ...samples.flatMap((sample) => linesOf(sample)),
  ];
  return compileLines(PRELUDE, lines);
}

/** One sample of each label, the longest: its lists are not empty, if any are not. */
function fullestOfEach(samples: readonly Sample[]): readonly Sample[] {
  return [...Map.groupBy(samples, ({ label }) => label).values()].flatMap((alike) =>
    alike.toSorted((a, b) => literalOf(b.value).length - literalOf(a.value).length).slice(0, 1),
  );
}

/** The compiler must accept the sample without its exceptions, and refuse it with any of them. */
function linesOf(sample: Sample): readonly Line[] {
  const { label, value } = sample;
  const type = typeOf(sample);
  const exceptions = EXCEPTIONS.filter(
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

function typeOf({ label, type }: Sample): string {
  return OTHER_TYPES.get(label) ?? type;
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
