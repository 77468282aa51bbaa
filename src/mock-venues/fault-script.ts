/**
 * Fault scripts: what may be ordered of a mock venue's faults, and how a file or a request body is
 * read. Each venue says which of them make sense there. Times are milliseconds unless named
 * otherwise. Pure; validates and nothing else.
 */

import * as v from "valibot";
import { InputError } from "#domain/errors.ts";

const MAX_FAULTS = 1000;
const MAX_COUNT = 100_000;
const HOUR_MS = 3_600_000;

const wholeNumber = (from: number, to: number, fallback: number) =>
  v.optional(
    v.pipe(
      v.number("must be a number"),
      v.integer("must be a whole number"),
      v.minValue(from, `must be at least ${from}`),
      v.maxValue(to, `must be at most ${to}`),
    ),
    fallback,
  );

/** What a venue's faults are about; handed in by each venue. */
export interface FaultRules<Status extends string = string> {
  readonly kinds: readonly FaultKind[];
  /** How requests come in, by name. */
  readonly transports: readonly [string, ...string[]];
  /** What a maintenance makes of the venue; the first unless another is named. */
  readonly statuses: readonly [Status, ...Status[]];
  /** What the venue is outside of it. */
  readonly usualStatus: Status;
  /** What changes orders: the first is named as an example. */
  readonly orderMethods: readonly [string, ...string[]];
  /** Streams of the book: gaps and another order are about these unless a stream is named. */
  readonly bookStreams: readonly string[];
  /** The beginning of a market message: what a broken one looks like. */
  readonly garbage: string;
  /** Kinds that come by order only: what they break, no client can find out by itself. */
  readonly notAtRandom?: readonly FaultKind[];
}

/** When and how often a fault strikes. */
const Schedule = {
  /** How many times. */
  count: wholeNumber(1, MAX_COUNT, 1),
  /** Not before so long after it was ordered. */
  afterMs: wholeNumber(0, 24 * HOUR_MS, 0),
};

const name = v.optional(v.pipe(v.string("must be text"), v.nonEmpty("must not be empty")));
const ms = (fallback: number) => wholeNumber(1, HOUR_MS, fallback);

/** One of these, `"A" or "B"`. */
function oneOf(values: readonly string[]) {
  return v.picklist(values, `must be ${values.map((value) => JSON.stringify(value)).join(" or ")}`);
}

/** Each kind with its own settings; what a kind does is said in docs of the types of faults.ts. */
function optionsOf(transports: readonly string[], statuses: readonly [string, ...string[]]) {
  /** Which requests a fault strikes; those that its kind is about where left out. */
  const ofRequests = { ...Schedule, method: name, transport: v.optional(oneOf(transports)) };
  /** Which streams a fault strikes: as subscribed, without what they are about. */
  const ofStreams = { ...Schedule, stream: name };
  /** Which events of the account a fault strikes: any where left out. */
  const ofEvents = { ...Schedule, event: name };
  return [
    v.strictObject({ kind: v.literal("delay"), ms: ms(500), ...ofRequests }),
    v.strictObject({ kind: v.literal("drop-request"), ...ofRequests }),
    v.strictObject({ kind: v.literal("drop-response"), ...ofRequests }),
    v.strictObject({ kind: v.literal("disconnect-before"), ...ofRequests }),
    v.strictObject({ kind: v.literal("disconnect-after"), ...ofRequests }),
    v.strictObject({ kind: v.literal("half-open"), forMs: ms(8000), ...ofRequests }),
    v.strictObject({ kind: v.literal("error-5xx-accepted"), ...ofRequests }),
    v.strictObject({ kind: v.literal("error-5xx-refused"), ...ofRequests }),
    v.strictObject({
      kind: v.literal("rate-limit"),
      retryAfterSeconds: wholeNumber(1, 3600, 2),
      ...ofRequests,
    }),
    v.strictObject({ kind: v.literal("ban"), seconds: wholeNumber(1, 86_400, 5), ...ofRequests }),
    v.strictObject({ kind: v.literal("event-before-response"), ms: ms(50), ...ofRequests }),
    v.strictObject({ kind: v.literal("response-before-event"), ms: ms(50), ...ofRequests }),

    v.strictObject({ kind: v.literal("unavailable"), ...ofRequests }),
    v.strictObject({ kind: v.literal("overload"), ...ofRequests }),

    v.strictObject({ kind: v.literal("user-event-delay"), ms: ms(500), ...ofEvents }),
    v.strictObject({ kind: v.literal("user-event-duplicate"), ...ofEvents }),
    v.strictObject({ kind: v.literal("user-event-reorder"), ...ofEvents }),
    v.strictObject({ kind: v.literal("user-event-lost"), ...ofEvents }),
    v.strictObject({ kind: v.literal("user-event-disconnect"), ...ofEvents }),
    v.strictObject({ kind: v.literal("user-stream-expiry"), ...Schedule }),

    v.strictObject({ kind: v.literal("stream-gap"), ...ofStreams }),
    v.strictObject({ kind: v.literal("stream-duplicate"), ...ofStreams }),
    v.strictObject({ kind: v.literal("stream-delay"), ms: ms(500), ...ofStreams }),
    v.strictObject({ kind: v.literal("stream-reorder"), ...ofStreams }),
    v.strictObject({ kind: v.literal("stream-half-open"), forMs: ms(8000), ...ofStreams }),
    v.strictObject({ kind: v.literal("stream-disconnect"), ...ofStreams }),
    v.strictObject({ kind: v.literal("stream-garbage"), ...ofStreams }),
    v.strictObject({ kind: v.literal("stream-silence"), ...ofStreams }),

    v.strictObject({
      kind: v.literal("clock-jump"),
      skewMs: wholeNumber(-HOUR_MS, HOUR_MS, 3000),
      forMs: ms(5000),
      ...Schedule,
    }),
    v.strictObject({
      kind: v.literal("maintenance"),
      status: v.optional(oneOf(statuses), statuses[0]),
      forMs: ms(5000),
      ...Schedule,
    }),
    v.strictObject({ kind: v.literal("server-shutdown"), graceMs: ms(2000), ...Schedule }),
  ] as const;
}

function orderSchema({ kinds, transports, statuses }: FaultRules) {
  return v.variant(
    "kind",
    optionsOf(transports, statuses).filter(({ entries }) => kinds.includes(entries.kind.literal)),
    (issue) => `${issue.received} is no kind of fault; there is ${issue.expected}`,
  );
}

/** One ordered fault, its settings complete. */
export type FaultOrder = v.InferOutput<ReturnType<typeof optionsOf>[number]>;
export type FaultKind = FaultOrder["kind"];

/** Every kind, in the order of the table above. */
export const FAULT_KINDS: readonly FaultKind[] = optionsOf([], [""]).map(
  (option) => option.entries.kind.literal,
);

/** What only goes wrong where the account's events have a socket of their own, with a key. */
const OF_FUTURES: ReadonlySet<FaultKind> = new Set([
  "unavailable",
  "overload",
  "user-event-lost",
  "user-event-disconnect",
  "user-stream-expiry",
  "stream-silence",
]);
/** What any venue may do. */
export const COMMON_FAULT_KINDS: readonly FaultKind[] = FAULT_KINDS.filter(
  (kind) => !OF_FUTURES.has(kind),
);

function scriptSchema(rules: FaultRules) {
  return v.strictObject({
    /** Of the random faults: same seed and same requests, same faults. */
    seed: v.optional(
      v.pipe(v.number("must be a number"), v.safeInteger("must be a whole number")),
      0,
    ),
    faults: v.optional(
      v.pipe(
        v.array(orderSchema(rules), "must be a list"),
        v.maxLength(MAX_FAULTS, `must have at most ${MAX_FAULTS} faults`),
      ),
      [],
    ),
    random: v.optional(
      v.strictObject({
        /** Mean time between two faults. */
        everyMs: v.pipe(
          v.number("must be a number"),
          v.minValue(1, "must be at least 1"),
          v.maxValue(24 * HOUR_MS, `must be at most ${24 * HOUR_MS}`),
        ),
        /** All kinds where left out. */
        kinds: v.optional(
          v.pipe(
            v.array(
              v.picklist(rules.kinds, (issue) => `${issue.received} is no kind of fault`),
              "must be a list",
            ),
            v.nonEmpty("must name at least one kind"),
          ),
          rules.kinds.filter((kind) => rules.notAtRandom?.includes(kind) !== true),
        ),
      }),
    ),
  });
}

export type FaultScript = v.InferOutput<ReturnType<typeof scriptSchema>>;

/**
 * A script from JSON.
 * @param where the file, or whoever sent it, for the error
 * @throws {InputError} `bad-faults` with the path of each mistake, ten of them at most
 */
export function parseFaultScript(json: unknown, where: string, rules: FaultRules): FaultScript {
  const [method] = rules.orderMethods;
  const hint = `a script looks like {"faults": [{"kind": "drop-response", "method": "${method}"}]}`;
  const bad = (problems: string) => new InputError("bad-faults", problems, { where, hint });
  if (Array.isArray(json)) throw bad("the script: must be an object");
  const result = v.safeParse(scriptSchema(rules), json);
  if (result.success) return result.output;
  const lines = result.issues.slice(0, 10).map((issue) => {
    return `${v.getDotPath(issue) ?? "the script"}: ${problemOf(issue)}`;
  });
  throw bad(lines.join("\n"));
}

/** One fault of this kind with its defaults. */
export function defaultOrder(kind: FaultKind, rules: FaultRules): FaultOrder {
  return v.parse(orderSchema(rules), { kind });
}

function problemOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type !== "strict_object") return issue.message;
  if (issue.expected === "never") return "is no known field";
  return issue.expected === "Object" ? "must be an object" : "is missing";
}
