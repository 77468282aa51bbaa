/**
 * Reads a recording line by line as bytes, gzip (known by its magic bytes, several members too)
 * or plain, in memory that does not grow with the file. Does file I/O; knows nothing of markets.
 */

import { closeSync, createReadStream, openSync, readSync, statSync } from "node:fs";
import { createGunzip } from "node:zlib";
import { InputError } from "#domain/errors.ts";

/** Gets the line as `bytes[start, end)`, valid during the call only; lines count from 1. */
export type LineHandler = (bytes: Uint8Array, start: number, end: number, line: number) => void;

/** Part of the file that has been read, 0…1. */
export type ProgressHandler = (fraction: number) => void;

const CHUNK_BYTES = 256 * 1024;
/** A REST depth snapshot of 5 000 levels a side has some 350 KB. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/**
 * Calls `onLine` for every line that is not empty, and returns how many lines there were.
 * @throws {InputError} `no-such-file`, `unreadable-file`, `truncated-gzip`, `corrupt-gzip`,
 *   `line-too-long`; and whatever `onLine` throws
 */
export async function readLines(
  path: string,
  onLine: LineHandler,
  onProgress?: ProgressHandler,
): Promise<number> {
  const { isGzip, sizeBytes } = inspect(path);
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const chunks: AsyncIterable<Uint8Array> = isGzip ? gunzip(file) : file;
  const splitter = new LineSplitter(path, onLine);
  let failed: { readonly error: unknown } | undefined;
  try {
    for await (const chunk of chunks) {
      // After a bad line a gzip is still read to its end: where the archive itself is damaged,
      // that is the thing to say, and the bad line is only how it shows.
      if (failed === undefined) failed = attempt(() => splitter.push(chunk));
      if (failed !== undefined && !isGzip) break;
      onProgress?.(sizeBytes === 0 ? 1 : file.bytesRead / sizeBytes);
    }
  } catch (error) {
    throw readError(path, error);
  } finally {
    file.destroy();
  }
  failed ??= attempt(() => splitter.finish());
  if (failed !== undefined) throw failed.error;
  return splitter.lines;
}

function attempt(action: () => void): { readonly error: unknown } | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return { error };
  }
}

function gunzip(file: ReturnType<typeof createReadStream>): AsyncIterable<Uint8Array> {
  const gzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // pipe() hands on data, not errors.
  file.on("error", (error) => gzip.destroy(error));
  return file.pipe(gzip);
}

function inspect(path: string): { isGzip: boolean; sizeBytes: number } {
  try {
    const descriptor = openSync(path, "r");
    try {
      const magic = new Uint8Array(2);
      const read = readSync(descriptor, magic, 0, 2, 0);
      const isGzip = read === 2 && magic[0] === 0x1f && magic[1] === 0x8b;
      return { isGzip, sizeBytes: statSync(path).size };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw readError(path, error);
  }
}

function readError(path: string, cause: unknown): InputError {
  const code = codeOf(cause);
  const details = { where: path, cause };
  if (code === "ENOENT") {
    const hint = "check the path of the recording";
    return new InputError("no-such-file", "there is no such file", { ...details, hint });
  }
  if (code === "Z_BUF_ERROR") {
    const hint = "copy it again, or let the recorder close it properly and record again";
    return new InputError("truncated-gzip", "the gzip file ends too early", { ...details, hint });
  }
  if (code.startsWith("Z_")) {
    const hint = "copy it again; gzip -t checks a file";
    return new InputError("corrupt-gzip", "the gzip file is damaged", { ...details, hint });
  }
  const hint = "check that it is a file and that you may read it";
  const message = `the file cannot be read (${code === "" ? String(cause) : code})`;
  return new InputError("unreadable-file", message, { ...details, hint });
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

/** Cuts chunks into lines; a line that spans chunks is put together in `#carry`. */
class LineSplitter {
  lines = 0;
  readonly #path: string;
  readonly #onLine: LineHandler;
  #carry = new Uint8Array(CHUNK_BYTES);
  #carried = 0;

  constructor(path: string, onLine: LineHandler) {
    this.#path = path;
    this.#onLine = onLine;
  }

  push(chunk: Uint8Array): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      if (end === -1) break;
      if (this.#carried === 0) {
        this.#emit(chunk, start, end);
      } else {
        this.#append(chunk.subarray(start, end));
        this.#emitCarry();
      }
      start = end + 1;
    }
    this.#append(chunk.subarray(start));
  }

  /** The last line may lack its newline. */
  finish(): void {
    if (this.#carried > 0) this.#emitCarry();
  }

  #emitCarry(): void {
    const end = this.#carried;
    this.#carried = 0;
    this.#emit(this.#carry, 0, end);
  }

  #emit(bytes: Uint8Array, start: number, end: number): void {
    this.lines += 1;
    const last = end > start && bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
    if (last > start) this.#onLine(bytes, start, last, this.lines);
  }

  #append(part: Uint8Array): void {
    const needed = this.#carried + part.length;
    if (needed > MAX_LINE_BYTES) {
      throw new InputError("line-too-long", `a line is longer than ${MAX_LINE_BYTES} bytes`, {
        where: `${this.#path}:${this.lines + 1}`,
        hint: "check that the file is a recording of one message a line",
      });
    }
    if (needed > this.#carry.length) {
      const larger = new Uint8Array(Math.max(needed, this.#carry.length * 2));
      larger.set(this.#carry.subarray(0, this.#carried));
      this.#carry = larger;
    }
    this.#carry.set(part, this.#carried);
    this.#carried = needed;
  }
}
