/**
 * Client order ids as Hyperliquid takes them, 16 bytes, and back. Whoever knows prefix and pair
 * reads an id of theirs without a journal; any other cloid has another tag. Pure; imports a hash.
 *
 *     bits  56   4     32     36
 *          tag  role  epoch  sequence      tag: first of keccak-256("<prefix>-<pair>")
 */

import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { InvariantError } from "#domain/errors.ts";
import { formatClientOrderId, type OrderRole, parseClientOrderId } from "#domain/order.ts";

/** Every part is whole hexadecimal digits: 14, 1, 8 and 9. */
const CLOID = /^0x([\da-f]{14})([\da-f])([\da-f]{8})([\da-f]{9})$/;
const TAG_BYTES = 7;

const EPOCH_END = 2 ** 32;
const SEQUENCE_END = 2 ** 36;

/** A role's number is its place here. */
const ROLES: readonly OrderRole[] = [
  "quote",
  "active-hedge",
  "passive-hedge",
  "stop-loss",
  "flatten",
];

/** The tag that was asked for last: a worker makes the ids of one pair. */
let lastTag = { prefix: "", pair: "", tag: "" };

/**
 * `0x` and 32 lower-case hexadecimal digits.
 * @throws {InvariantError} for an id that is none of ours, or has a number that does not fit
 */
export function cloidOf(clientOrderId: string): string {
  const id = parseClientOrderId(clientOrderId);
  if (id === undefined) throw new InvariantError(`${clientOrderId} is no client order id of ours`);
  if (id.epoch >= EPOCH_END || id.sequence >= SEQUENCE_END) {
    throw new InvariantError(`${clientOrderId} does not fit a cloid: too late, or too many orders`);
  }
  if (id.prefix !== lastTag.prefix || id.pair !== lastTag.pair) {
    lastTag = { prefix: id.prefix, pair: id.pair, tag: tagOf(id.prefix, id.pair) };
  }
  const role = ROLES.indexOf(id.role);
  return `0x${lastTag.tag}${hex(role, 1)}${hex(id.epoch, 8)}${hex(id.sequence, 9)}`;
}

/** Reads the cloids of one pair under one prefix. */
export class OwnCloids {
  readonly #prefix: string;
  readonly #pair: string;
  readonly #tag: string;

  constructor(prefix: string, pairId: string) {
    this.#prefix = prefix;
    this.#pair = pairId;
    this.#tag = tagOf(prefix, pairId);
  }

  /** Null where there is none, or it is not ours. */
  clientOrderIdOf(cloid: string | null | undefined): string | null {
    const match = CLOID.exec(cloid?.toLowerCase() ?? "");
    if (match === null) return null;
    const [, tag, role = "", epoch = "", sequence = ""] = match;
    const known = ROLES[parseInt(role, 16)];
    if (tag !== this.#tag || known === undefined) return null;
    return formatClientOrderId({
      prefix: this.#prefix,
      pair: this.#pair,
      role: known,
      epoch: parseInt(epoch, 16),
      sequence: parseInt(sequence, 16),
    });
  }
}

function tagOf(prefix: string, pair: string): string {
  const hash = keccak_256(utf8ToBytes(`${prefix}-${pair}`));
  return bytesToHex(hash.subarray(0, TAG_BYTES));
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
