/**
 * JSON of Binance without loss: some symbols (ETHUSDT of USD-M among them) number their orders
 * beyond 2^53, as JSON numbers, which a double would round to the number of another order. Such
 * integers come out as strings of their digits, and go in as bigints. Pure; imports nothing.
 */

/** Whole numbers of so many digits may be beyond what a double holds; strings are not meant. */
const LONG_INTEGER = /[:[,]\s*\d{16}/;
const DIGITS = /^\d+$/;

/** As JSON.parse, which see; integers beyond 2^53 as strings. @throws {SyntaxError} */
export function parseJson(text: string): unknown {
  return LONG_INTEGER.test(text) ? JSON.parse(text, exact) : JSON.parse(text);
}

/** The number of an order as a parameter of a request. @param id digits */
export function idParam(id: string): number | bigint {
  const number = Number(id);
  return Number.isSafeInteger(number) ? number : BigInt(id);
}

/** Whether this is the number of an order, and no other name. */
export function isId(text: string): boolean {
  return DIGITS.test(text);
}

/** @param params may hold bigints, which JSON.stringify does not take */
export function requestText(
  id: number,
  method: string,
  params: Readonly<Record<string, unknown>> | undefined,
): string {
  const values = Object.entries(params ?? {});
  if (!values.some(([, value]) => typeof value === "bigint")) {
    return JSON.stringify({ id, method, params });
  }
  const fields = values.map(([name, value]) => {
    const text = typeof value === "bigint" ? value.toString() : JSON.stringify(value);
    return `${JSON.stringify(name)}:${text}`;
  });
  return `{"id":${id},"method":${JSON.stringify(method)},"params":{${fields.join(",")}}}`;
}

function exact(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && DIGITS.test(source) ? source : value;
}
