import { expect, test } from "bun:test";
import { idParam, isId, parseJson, requestText } from "#venues/binance/json.ts";

/** An order of ETHUSDT as the venue has numbered them for years. */
const LONG = "8389765489680951453";

test("a number beyond 2^53 keeps all its digits, wherever it is", () => {
  expect(parseJson(`{"orderId":${LONG},"rows":[ ${LONG},7],"deep":{"i": ${LONG}}}`)).toEqual({
    orderId: LONG,
    rows: [LONG, 7],
    deep: { i: LONG },
  });
});

test("what a double holds stays a number, and strings and fractions are left alone", () => {
  const text = `{"a":9007199254740991,"b":":${LONG},","c":1.2345678901234567,"d":-1}`;
  expect(parseJson(text)).toEqual(JSON.parse(text));
});

test("what is no JSON is an error", () => {
  expect(() => parseJson(`{"a":${LONG}`)).toThrow(SyntaxError);
  expect(() => parseJson("<html>")).toThrow(SyntaxError);
});

test("a request names an order by the number itself, not by a rounded one or a string", () => {
  expect(idParam("9001")).toBe(9001);
  expect(requestText(3, "order.cancel", { symbol: "ETHUSDT", orderId: idParam(LONG) })).toBe(
    `{"id":3,"method":"order.cancel","params":{"symbol":"ETHUSDT","orderId":${LONG}}}`,
  );
  expect(requestText(4, "time", undefined)).toBe('{"id":4,"method":"time"}');
  expect([isId(LONG), isId("algo-77"), isId("")]).toEqual([true, false, false]);
});
