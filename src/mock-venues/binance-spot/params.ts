/**
 * Params: the parameters of one request, read with the venue's own complaints about them. REST and
 * the WebSocket API both end up here as names and texts. May import domain and this folder.
 */

import { type Decimal, decimal, decimalsOf } from "#domain/decimal.ts";
import { badRequest, missing } from "./api-error.ts";

const DECIMAL_RANGE = "^([0-9]{1,20})(\\.[0-9]{1,20})?$";
const DECIMAL = new RegExp(DECIMAL_RANGE);
const CLIENT_ID_RANGE = "^[a-zA-Z0-9-_]{1,36}$";
const CLIENT_ID = /^[a-zA-Z0-9\-_]{1,36}$/;
const SYMBOL_RANGE = "^[\\w\\-._&&[^a-z]]{1,50}$";
const SYMBOL = /^[A-Z0-9\-._]{1,50}$/;
/** Decimals of every asset here, as of nearly every asset there. */
const ASSET_DECIMALS = 8;

export class Params {
  readonly #values: ReadonlyMap<string, string>;

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  get names(): readonly string[] {
    return [...this.#values.keys()];
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** Undefined where it was not sent. @throws {ApiError} -1105 where it is empty */
  text(name: string): string | undefined {
    const value = this.#values.get(name);
    if (value === "") throw badRequest(-1105, `Parameter '${name}' was empty.`);
    return value;
  }

  /** @throws {ApiError} -1102 */
  requiredText(name: string): string {
    const value = this.#values.get(name);
    if (value === undefined || value === "") throw missing(name);
    return value;
  }

  /** A whole number. @throws {ApiError} -1100 */
  integer(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (!/^[0-9]{1,15}$/.test(value)) throw illegal(name, "^[0-9]{1,20}$");
    return Number(value);
  }

  /** `limit` and the like: the default where left out, cut to the most that the venue gives. */
  limit(defaultLimit: number, most: number): number {
    const value = this.integer("limit");
    if (value === 0) throw badRequest(-1130, "Data sent for parameter 'limit' is not valid.");
    return Math.min(value ?? defaultLimit, most);
  }

  /** @throws {ApiError} -1100, -1111 */
  amount(name: string): Decimal | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (!DECIMAL.test(text)) throw illegal(name, DECIMAL_RANGE);
    const value = decimal(text);
    if (decimalsOf(value) > ASSET_DECIMALS) {
      throw badRequest(-1111, `Parameter '${name}' has too much precision.`);
    }
    return value;
  }

  /** @throws {ApiError} -1102, -1100, -1111 */
  requiredAmount(name: string): Decimal {
    const value = this.amount(name);
    if (value === undefined) throw missing(name);
    return value;
  }

  /** @throws {ApiError} -1100 */
  clientOrderId(name: string): string | undefined {
    const value = this.text(name);
    if (value !== undefined && !CLIENT_ID.test(value)) throw illegal(name, CLIENT_ID_RANGE);
    return value;
  }

  /** @throws {ApiError} -1102, -1100 */
  symbol(): string {
    const value = this.requiredText("symbol");
    if (!SYMBOL.test(value)) throw illegal("symbol", SYMBOL_RANGE);
    return value;
  }

  /** A list as JSON text. @throws {ApiError} -1135 */
  list(name: string): readonly string[] | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const items = jsonOf(text);
    if (!Array.isArray(items) || !items.every((item) => typeof item === "string")) {
      throw badRequest(-1135, `JSON sent for parameter '${name}' is not valid`);
    }
    return items;
  }

  flag(name: string): boolean {
    return this.text(name)?.toLowerCase() === "true";
  }

  /**
   * One word of a few.
   * @param error what the venue says of any other
   */
  oneOf<Word extends string>(
    name: string,
    words: readonly Word[],
    [code, message]: readonly [code: number, message: string],
  ): Word | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) throw badRequest(code, message);
    return word;
  }
}

function illegal(name: string, range: string): Error {
  const what = `Illegal characters found in parameter '${name}'; legal range is '${range}'.`;
  return badRequest(-1100, what);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
