/**
 * Fault scripts: what may be ordered of the mock venue's faults, and how a file or a request body
 * is read. Times are milliseconds unless named otherwise. Pure; validates and nothing else.
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

/** When and how often a fault strikes. */
const Schedule = {
  /** How many times. */
  count: wholeNumber(1, MAX_COUNT, 1),
  /** Not before so long after it was ordered. */
  afterMs: wholeNumber(0, 24 * HOUR_MS, 0),
};

/** Which requests a fault strikes; those that its kind is about where left out. */
const OfRequests = {
  ...Schedule,
  /** The ws-api's name, for REST calls too: `order.place`. */
  method: v.optional(v.pipe(v.string("must be text"), v.nonEmpty("must not be empty"))),
  transport: v.optional(v.picklist(["rest", "ws-api"], 'must be "rest" or "ws-api"')),
};

/** Which streams a fault strikes. */
const OfStreams = {
  ...Schedule,
  /** As subscribed, without the symbol: `depth@100ms`. */
  stream: v.optional(v.pipe(v.string("must be text"), v.nonEmpty("must not be empty"))),
};

const ms = (fallback: number) => wholeNumber(1, HOUR_MS, fallback);

/** Each kind with its own settings; what a kind does is said in docs of the types below. */
const FaultOrder = v.variant(
  "kind",
  [
    v.strictObject({ kind: v.literal("delay"), ms: ms(500), ...OfRequests }),
    v.strictObject({ kind: v.literal("drop-request"), ...OfRequests }),
    v.strictObject({ kind: v.literal("drop-response"), ...OfRequests }),
    v.strictObject({ kind: v.literal("disconnect-before"), ...OfRequests }),
    v.strictObject({ kind: v.literal("disconnect-after"), ...OfRequests }),
    v.strictObject({ kind: v.literal("half-open"), forMs: ms(8000), ...OfRequests }),
    v.strictObject({ kind: v.literal("error-5xx-accepted"), ...OfRequests }),
    v.strictObject({ kind: v.literal("error-5xx-refused"), ...OfRequests }),
    v.strictObject({
      kind: v.literal("rate-limit"),
      retryAfterSeconds: wholeNumber(1, 3600, 2),
      ...OfRequests,
    }),
    v.strictObject({ kind: v.literal("ban"), seconds: wholeNumber(1, 86_400, 5), ...OfRequests }),
    v.strictObject({ kind: v.literal("event-before-response"), ms: ms(50), ...OfRequests }),
    v.strictObject({ kind: v.literal("response-before-event"), ms: ms(50), ...OfRequests }),

    v.strictObject({ kind: v.literal("user-event-delay"), ms: ms(500), ...Schedule }),
    v.strictObject({ kind: v.literal("user-event-duplicate"), ...Schedule }),
    v.strictObject({ kind: v.literal("user-event-reorder"), ...Schedule }),

    v.strictObject({ kind: v.literal("stream-gap"), ...OfStreams }),
    v.strictObject({ kind: v.literal("stream-duplicate"), ...OfStreams }),
    v.strictObject({ kind: v.literal("stream-delay"), ms: ms(500), ...OfStreams }),
    v.strictObject({ kind: v.literal("stream-reorder"), ...OfStreams }),
    v.strictObject({ kind: v.literal("stream-half-open"), forMs: ms(8000), ...OfStreams }),
    v.strictObject({ kind: v.literal("stream-disconnect"), ...OfStreams }),
    v.strictObject({ kind: v.literal("stream-garbage"), ...OfStreams }),

    v.strictObject({
      kind: v.literal("clock-jump"),
      skewMs: wholeNumber(-HOUR_MS, HOUR_MS, 3000),
      forMs: ms(5000),
      ...Schedule,
    }),
    v.strictObject({
      kind: v.literal("maintenance"),
      status: v.optional(
        v.picklist(["CANCEL_ONLY", "BREAK"], 'must be "CANCEL_ONLY" or "BREAK"'),
        "CANCEL_ONLY",
      ),
      forMs: ms(5000),
      ...Schedule,
    }),
    v.strictObject({ kind: v.literal("server-shutdown"), graceMs: ms(2000), ...Schedule }),
  ],
  (issue) => `${issue.received} is no kind of fault; there is ${issue.expected}`,
);

/** One ordered fault, its settings complete. */
export type FaultOrder = v.InferOutput<typeof FaultOrder>;
export type FaultKind = FaultOrder["kind"];

/** Every kind, in the order of the table above. */
export const FAULT_KINDS: readonly FaultKind[] = FaultOrder.options.map(
  (option) => option.entries.kind.literal,
);

const FaultScript = v.strictObject({
  /** Of the random faults: same seed and same requests, same faults. */
  seed: v.optional(
    v.pipe(v.number("must be a number"), v.safeInteger("must be a whole number")),
    0,
  ),
  faults: v.optional(
    v.pipe(
      v.array(FaultOrder, "must be a list"),
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
            v.picklist(FAULT_KINDS, (issue) => `${issue.received} is no kind of fault`),
            "must be a list",
          ),
          v.nonEmpty("must name at least one kind"),
        ),
        [...FAULT_KINDS],
      ),
    }),
  ),
});

export type FaultScript = v.InferOutput<typeof FaultScript>;

/**
 * A script from JSON.
 * @param where the file, or whoever sent it, for the error
 * @throws {InputError} `bad-faults` with the path of each mistake, ten of them at most
 */
export function parseFaultScript(json: unknown, where: string): FaultScript {
  if (Array.isArray(json)) throw badFaults("the script: must be an object", where);
  const result = v.safeParse(FaultScript, json);
  if (result.success) return result.output;
  const lines = result.issues.slice(0, 10).map((issue) => {
    return `${v.getDotPath(issue) ?? "the script"}: ${problemOf(issue)}`;
  });
  throw badFaults(lines.join("\n"), where);
}

function badFaults(problems: string, where: string): InputError {
  return new InputError("bad-faults", problems, {
    where,
    hint: 'a script looks like {"faults": [{"kind": "drop-response", "method": "order.place"}]}',
  });
}

/** One fault of this kind with its defaults. */
export function defaultOrder(kind: FaultKind): FaultOrder {
  return v.parse(FaultOrder, { kind });
}

function problemOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type !== "strict_object") return issue.message;
  if (issue.expected === "never") return "is no known field";
  return issue.expected === "Object" ? "must be an object" : "is missing";
}
