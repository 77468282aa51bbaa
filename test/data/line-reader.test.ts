import { describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { readLines } from "#data/line-reader.ts";
import { InputError } from "#domain/errors.ts";
import { rejectionOf, withFile } from "./spot-recording.ts";

async function linesOf(content: string | Uint8Array): Promise<[number, string][]> {
  const decoder = new TextDecoder();
  const lines: [number, string][] = [];
  await withFile(content, (path) =>
    readLines(path, (bytes, start, end, line) => {
      lines.push([line, decoder.decode(bytes.subarray(start, end))]);
    }),
  );
  return lines;
}

/** The twin: split the whole text. */
function naiveLines(text: string): [number, string][] {
  return text
    .split("\n")
    .map((line, index): [number, string] => [index + 1, line.replace(/\r$/, "")])
    .filter(([, line]) => line !== "");
}

/** Some 900 KB of lines, so that they span several chunks of 256 KB. */
const LONG = Array.from({ length: 9000 }, (_, index) => `${index} ${"x".repeat(index % 200)}`).join(
  "\n",
);

function codeOf(content: string | Uint8Array): Promise<[string, boolean]> {
  return withFile(content, async (path) => {
    const error = await rejectionOf(() => readLines(path, () => undefined));
    if (!(error instanceof InputError)) throw error;
    return [error.code, error.where === path && error.hint !== undefined];
  });
}

describe("line reader", () => {
  test("gives the lines that splitting the whole text gives, with their numbers", async () => {
    const text = fc
      .array(fc.constantFrom("a", "bc", "\r\n", "\n", "\n\n", "é{}"), { maxLength: 40 })
      .map((parts) => parts.join(""));
    await fc.assert(
      fc.asyncProperty(text, async (content) => {
        expect(await linesOf(content)).toEqual(naiveLines(content));
      }),
      { numRuns: 60 },
    );
  });

  test("puts lines together that span chunks, plain and gzip alike", async () => {
    const expected = naiveLines(LONG);
    expect(await linesOf(LONG)).toEqual(expected);
    expect(await linesOf(gzipSync(LONG))).toEqual(expected);
  });

  test("a line longer than a chunk is one line", async () => {
    const long = "y".repeat(700_000);
    expect(await linesOf(`a\n${long}\nb`)).toEqual([
      [1, "a"],
      [2, long],
      [3, "b"],
    ]);
  });

  test("reads a gzip of several members, as appending recorders write it", async () => {
    const members = Buffer.concat([gzipSync("one\ntw"), gzipSync("o\nthree\n")]);
    expect(await linesOf(members)).toEqual(naiveLines("one\ntwo\nthree\n"));
  });

  test("says how far it is, up to the end", async () => {
    const fractions: number[] = [];
    await withFile(LONG, (path) =>
      readLines(
        path,
        () => undefined,
        (fraction) => fractions.push(fraction),
      ),
    );
    expect(fractions.length).toBeGreaterThan(2);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
  });

  test("a missing file, a folder, a cut gzip and a damaged gzip are told apart", async () => {
    const missing = await rejectionOf(() => readLines("no/such/file.gz", () => undefined));
    expect(missing).toMatchObject({ code: "no-such-file", where: "no/such/file.gz" });
    const folder = await rejectionOf(() => readLines(import.meta.dir, () => undefined));
    expect(folder).toMatchObject({ code: "unreadable-file", where: import.meta.dir });

    const gzip = gzipSync(LONG);
    expect(await codeOf(gzip.subarray(0, gzip.length - 40))).toEqual(["truncated-gzip", true]);
    expect(await codeOf(gzip.subarray(0, gzip.length - 3))).toEqual(["truncated-gzip", true]);
    const damaged = Uint8Array.from(gzip);
    damaged.fill(0xff, 300, 340);
    expect(await codeOf(damaged)).toEqual(["corrupt-gzip", true]);
  });

  test("names a damaged gzip as the cause of the bad line that it shows as", async () => {
    const gzip = gzipSync(LONG);
    const wrongSum = Uint8Array.from(gzip);
    wrongSum[gzip.length - 6] = (wrongSum[gzip.length - 6] ?? 0) ^ 1;
    const failing = () => {
      throw new InputError("bad-line", "this line is bad");
    };
    const damaged = await withFile(wrongSum, (path) => rejectionOf(() => readLines(path, failing)));
    expect(damaged).toMatchObject({ code: "corrupt-gzip" });
    const sound = await withFile(gzip, (path) => rejectionOf(() => readLines(path, failing)));
    expect(sound).toMatchObject({ code: "bad-line" });
  });

  test("refuses a line without end", async () => {
    const error = await withFile(`a\n${"z".repeat(17 * 1024 * 1024)}`, (path) =>
      rejectionOf(() => readLines(path, () => undefined)),
    );
    expect(error).toMatchObject({ code: "line-too-long" });
    expect(error instanceof InputError && error.where?.endsWith("recording:2")).toBe(true);
  });
});
