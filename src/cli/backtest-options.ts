/** Options of `mm backtest` that say how the simulated exchanges behave: reading and checking. */

import { readFile } from "node:fs/promises";
import { isDecimalString } from "#domain/decimal.ts";
import { InputError, messageOf } from "#domain/errors.ts";
import { constantLatency, type LatencyModel, parseLatencyCsv } from "#sim/latency-model.ts";
import { parseQueueModel, type QueueModel } from "#sim/queue-model.ts";
import { durationMs } from "./options.ts";

/** Twelve times what the core waits for an answer: more is a slip of the unit. */
const MAX_LATENCY_MS = 60_000;
/** Per eight hours; venues cap it far below. */
const MAX_FUNDING_RATE = 0.1;

export function readQueueModel(text: string): QueueModel {
  try {
    return parseQueueModel(text);
  } catch (thrown) {
    if (!(thrown instanceof InputError)) throw thrown;
    const { code, message, hint = "" } = thrown;
    throw new InputError(code, message, { where: "--queue", hint, cause: thrown });
  }
}

/** `5ms` both ways, `2ms/3ms` out and back, or the path of a recording. */
export async function readLatency(text: string, option: string): Promise<LatencyModel> {
  const [out = "", back = out, ...rest] = text.split("/");
  const requestMs = durationMs(out);
  const responseMs = durationMs(back);
  if (requestMs !== undefined && responseMs !== undefined && rest.length === 0) {
    if (Math.max(requestMs, responseMs) <= MAX_LATENCY_MS) {
      return constantLatency(requestMs, responseMs);
    }
    throw new InputError("bad-latency", `${JSON.stringify(text)} is too long`, {
      where: option,
      hint: "give at most 60s each way",
    });
  }
  let rows: string;
  try {
    rows = await readFile(text, "utf8");
  } catch (cause) {
    const message = `${JSON.stringify(text)} is no time and no readable file: ${messageOf(cause)}`;
    throw new InputError("bad-latency", message, {
      where: option,
      hint: "give a time such as 5ms, or a CSV file of recorded round trips",
      cause,
    });
  }
  return parseLatencyCsv(rows, text);
}

/** A fraction in eight hours, negative where shorts pay, as a plain decimal. */
export function fundingRateOption(text: string): string {
  if (isDecimalString(text) && Math.abs(Number(text)) <= MAX_FUNDING_RATE) return text;
  throw new InputError("bad-option", `${JSON.stringify(text)} is no funding rate`, {
    where: "--funding-rate",
    hint: "give what longs pay in eight hours as a fraction: 0.0001 is one basis point",
  });
}
