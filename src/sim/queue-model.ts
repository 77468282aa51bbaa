/**
 * QueueModel: how a resting order moves forward in the queue of its price level, where the
 * recorded book shows sizes but not who stands where. The formulas are those of hftbacktest, so
 * that results compare event by event. Pure; may import errors only.
 *
 * The state is two plain numbers of the own order: `front`, the lots ahead of it, and
 * `tradedLots`, printed at its price since the level's last update. A print takes from `front` in
 * the same way under every model; the models differ in what a shrinking level means, which is
 * either a cancel behind us (no gain) or one ahead of us.
 */

import { InputError } from "#domain/errors.ts";

type ModelName = "risk-averse" | "power" | "log" | "power-2" | "log-2" | "power-3";

/** Whether the text of a model carries an exponent: `power:3`. */
const HAS_EXPONENT: ReadonlyMap<ModelName, boolean> = new Map([
  ["risk-averse", false],
  ["power", true],
  ["log", false],
  ["power-2", true],
  ["log-2", false],
  ["power-3", true],
]);

const ALLOWED = "risk-averse, power:N, log, power-2:N, log-2, power-3:N (N above 0, e.g. power:3)";

export class QueueModel {
  /** As it was selected: `power:3`. */
  readonly text: string;
  readonly #name: ModelName;
  readonly #exponent: number;

  /** Use `parseQueueModel`. @param exponent n of the power models, else ignored */
  constructor(name: ModelName, exponent: number) {
    this.text = HAS_EXPONENT.get(name) === true ? `${name}:${exponent}` : name;
    this.#name = name;
    this.#exponent = exponent;
  }

  /**
   * Lots ahead of an order after its level went from `previous` to `next`.
   * @param tradedLots printed at this price since the level's last update: that part of the
   *   change has moved the queue already
   */
  frontAfterChange(front: number, tradedLots: number, previous: number, next: number): number {
    if (this.#name === "risk-averse") return Math.min(front, next);
    const change = previous - next - tradedLots;
    if (change < 0) return Math.min(front, next);
    const back = previous - front;
    const raw = this.probability(front, back);
    const behind = Number.isFinite(raw) ? raw : 1;
    const estimate = front - (1 - behind) * change + Math.min(back - behind * change, 0);
    // An estimate below zero is a queue that is used up. It must not become lots that the next
    // print fills in excess of its own size, so the queue ends at zero.
    return Math.max(Math.min(estimate, next), 0);
  }

  /**
   * The probability that a cancel came from behind us; not finite where there is no queue.
   * Of no meaning for `risk-averse`, where it is 1.
   */
  probability(front: number, back: number): number {
    switch (this.#name) {
      case "risk-averse":
        return 1;
      case "power":
        return share(this.#power(back), this.#power(front));
      case "log":
        return share(Math.log(1 + back), Math.log(1 + front));
      case "power-2":
        return this.#power(back) / this.#power(back + front);
      case "log-2":
        return Math.log(1 + back) / Math.log(1 + back + front);
      case "power-3":
        return 1 - this.#power(front / (front + back));
    }
  }

  /** xⁿ; the default exponent without a call of `pow`. */
  #power(x: number): number {
    return this.#exponent === 3 ? x * x * x : x ** this.#exponent;
  }
}

function share(part: number, other: number): number {
  return part / (part + other);
}

/** Lots that a print fills once the queue ahead is used up: `front` is then below zero. */
export function executableLots(front: number): number {
  return front < 0 ? Math.round(-front) : 0;
}

/** @throws {InputError} `bad-queue-model` with the list of what is allowed */
export function parseQueueModel(text: string): QueueModel {
  const [name = "", exponentText, ...rest] = text.split(":");
  for (const [model, hasExponent] of HAS_EXPONENT) {
    if (name !== model || rest.length > 0 || hasExponent !== (exponentText !== undefined)) continue;
    const exponent = parseExponent(exponentText);
    if (exponent !== undefined) return new QueueModel(model, exponent);
  }
  throw new InputError("bad-queue-model", `${JSON.stringify(text)} is no queue model`, {
    hint: `give one of ${ALLOWED}`,
  });
}

/** 1 where there is none; undefined where it is no number above 0. */
function parseExponent(text: string | undefined): number | undefined {
  if (text === undefined) return 1;
  const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : 0;
  return value > 0 && Number.isFinite(value) ? value : undefined;
}
