/**
 * Params: the parameters of one request, read with the venue's own complaints about them. REST and
 * the WebSocket API both end up here as names and texts. May import domain and this folder.
 */

import { type Decimal, decimal, decimalsOf } from "#domain/decimal.ts";
import { isRecord, type JsonObject, parseJson } from "../json.ts";
import { badRequest, missing } from "./api-error.ts";

const DECIMAL_RANGE = "^([0-9]{1,20})(\\.[0-9]{1,20})?$";
const DECIMAL = new RegExp(DECIMAL_RANGE);
const SYMBOL_RANGE = "^[\\w\\-._&&[^a-z]]{1,50}$";
const SYMBOL = /^[A-Z0-9\-._]{1,50}$/;
/** Decimals of every asset here, as of nearly every asset there. */
const ASSET_DECIMALS = 8;

/** What client ids may be made of, in the venue's words and as it is checked. */
export interface IdForm {
  readonly range: string;
  readonly pattern: RegExp;
}

const PLAIN_IDS: IdForm = {
  range: "^[a-zA-Z0-9-_]{1,36}$",
  pattern: /^[a-zA-Z0-9\-_]{1,36}$/,
};

export class Params {
  readonly #values: ReadonlyMap<string, string>;
  readonly #ids: IdForm;

  /** @param ids default: letters, digits, hyphen and underscore */
  constructor(values: ReadonlyMap<string, string>, ids: IdForm = PLAIN_IDS) {
    this.#values = values;
    this.#ids = ids;
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
    const { range, pattern } = this.#ids;
    if (value !== undefined && !pattern.test(value)) throw illegal(name, range);
    return value;
  }

  /** @throws {ApiError} -1102, -1100 */
  symbol(): string {
    const value = this.requiredText("symbol");
    if (!SYMBOL.test(value)) throw illegal("symbol", SYMBOL_RANGE);
    return value;
  }

  /** A list of texts, as JSON. @throws {ApiError} -1135 */
  list(name: string): readonly string[] | undefined {
    return this.#listOf(name, (item): item is string => typeof item === "string");
  }

  /** A list of whole numbers, as JSON, which may have them as texts. @throws {ApiError} -1135 */
  integers(name: string): readonly number[] | undefined {
    return this.#listOf(name, isInteger)?.map(Number);
  }

  /** A list of objects, as JSON, each as parameters of its own. @throws {ApiError} -1135 */
  objects(name: string): readonly Params[] | undefined {
    return this.#listOf(name, isRecord)?.map((item) => new Params(textsOf(item), this.#ids));
  }

  #listOf<Item>(name: string, isItem: (item: unknown) => item is Item): Item[] | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const items: unknown = parseJson(text);
    if (!Array.isArray(items) || !items.every((item): item is Item => isItem(item))) {
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

function isInteger(item: unknown): item is string | number {
  return typeof item === "string" ? /^\d{1,15}$/.test(item) : Number.isSafeInteger(item);
}

function illegal(name: string, range: string): Error {
  const what = `Illegal characters found in parameter '${name}'; legal range is '${range}'.`;
  return badRequest(-1100, what);
}

/** The values of a JSON object as they are signed: numbers and booleans as JSON writes them. */
export function textsOf(object: JsonObject): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(object)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => {
        return [name, typeof value === "string" ? value : JSON.stringify(value)] as const;
      }),
  );
}
