/** Latencies: constant, and between the recorded rows before and after. */

import { describe, expect, test } from "bun:test";
import { InputError } from "#domain/errors.ts";
import { constantLatency, parseLatencyCsv } from "#sim/latency-model.ts";

const HEADER = "sent_ms,exchange_ms,received_ms";
/** Request 10 then 30 ms, answer 5 then 9 ms. */
const TWO_ROWS = `${HEADER}\n1000,1010,1015\n2000,2030,2039\n`;

describe("constant", () => {
  test("is the same at any time", () => {
    const latency = constantLatency(3, 4);
    expect([latency.requestLatencyMs(0), latency.requestLatencyMs(1e12)]).toEqual([3, 3]);
    expect(latency.responseLatencyMs(77)).toBe(4);
  });

  test.each([
    [-1, 0],
    [0, NaN],
    [Infinity, 0],
  ])("refuses %p and %p", (requestMs, responseMs) => {
    expect(() => constantLatency(requestMs, responseMs)).toThrow(InputError);
  });
});

describe("recorded", () => {
  const latency = parseLatencyCsv(TWO_ROWS, "rows.csv");

  test("is linear between the row before and the row after", () => {
    expect(latency.requestLatencyMs(1000)).toBe(10);
    expect(latency.requestLatencyMs(1250)).toBe(15); // 10 + (30 − 10) / 4
    expect(latency.requestLatencyMs(2000)).toBe(30);
    // The way back is by exchange time: half way between 1010 and 2030.
    expect(latency.responseLatencyMs(1520)).toBe(7); // (5 + 9) / 2
  });

  test("knows its fastest answer, whichever row it is in", () => {
    expect(latency.leastResponseMs).toBe(5);
    const slowFirst = `${HEADER}\n1000,1010,1510\n2000,2030,2039\n3000,2990,3004\n`;
    // 500 ms, 9 ms, and a refusal, which tells nothing of answers.
    expect(parseLatencyCsv(slowFirst, "rows.csv").leastResponseMs).toBe(9);
    expect(constantLatency(3, 4).leastResponseMs).toBe(4);
  });

  test("is the end row's own outside of the recording", () => {
    expect([latency.requestLatencyMs(0), latency.requestLatencyMs(9999)]).toEqual([10, 30]);
    expect([latency.responseLatencyMs(0), latency.responseLatencyMs(9999)]).toEqual([5, 9]);
  });

  test("of one row is constant", () => {
    const one = parseLatencyCsv(`${HEADER}\r\n5,6,8\r\n`, "one.csv");
    expect([one.requestLatencyMs(0), one.requestLatencyMs(100)]).toEqual([1, 1]);
    expect(one.responseLatencyMs(6)).toBe(2);
  });

  test("a refused request is negative: minus the time until its refusal is received", () => {
    const rows = `${HEADER}\n1000,1010,1020\n2000,0,2040\n3000,3010,3020`;
    const refusing = parseLatencyCsv(rows, "refused.csv");
    expect(refusing.requestLatencyMs(2000)).toBe(-40);
    expect(refusing.requestLatencyMs(1500)).toBe(-30); // half way from 20 to 40
    expect(refusing.requestLatencyMs(999)).toBe(10);
    expect(refusing.requestLatencyMs(3000)).toBe(10);
    // The refused row tells nothing of the way back.
    expect(refusing.responseLatencyMs(2010)).toBe(10);
  });

  test.each([
    ["sent,exchange,received\n1,2,3", "bad.csv:1", "header"],
    [`${HEADER}\n1,2`, "bad.csv:2", "three numbers"],
    [`${HEADER}\n1,2,3\n\n4,5,6`, "bad.csv:3", "three numbers"],
    [`${HEADER}\n1,2,3\n4,x,6`, "bad.csv:3", "three numbers"],
    [`${HEADER}\n1,2,3,4`, "bad.csv:2", "three numbers"],
    [`${HEADER}\n5,6,7\n4,8,9`, "bad.csv:3", "sent_ms goes back"],
    [`${HEADER}\n1,9,10\n2,8,10`, "bad.csv:3", "exchange_ms goes back"],
    [`${HEADER}\n1,3,2`, "bad.csv:2", "before exchange_ms"],
    [`${HEADER}\n5,0,5`, "bad.csv:2", "refused request"],
    [HEADER, "bad.csv", "no row"],
    [`${HEADER}\n5,0,6`, "bad.csv", "no row"],
    ["", "bad.csv:1", "header"],
  ])("refuses %j at %s", (text, where, what) => {
    expect(() => parseLatencyCsv(text, "bad.csv")).toThrow(InputError);
    try {
      parseLatencyCsv(text, "bad.csv");
    } catch (error) {
      const line = error instanceof InputError ? error.describe() : "";
      expect(line).toStartWith(`${where}: `);
      expect(line).toContain(what);
    }
  });
});
