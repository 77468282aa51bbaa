/**
 * PairLocks: one file for each pair that this process runs, made exclusively, so that a second
 * process with the same state folder does not run the pair as well. A lock whose process is gone
 * is taken over; a process is known by its number and, on Linux, by when it began, since numbers
 * are used again. Holds for one machine. Uses the file system, synchronously: a killed program
 * still has to remove its locks.
 */

import { linkSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { InputError, messageOf } from "#domain/errors.ts";

const LockSchema = v.object({ pid: v.pipe(v.number(), v.integer()), birth: v.string() });

/** Each further attempt means that another process took the lock within the same moment. */
const MAX_ATTEMPTS = 4;

export class PairLocks {
  readonly #folder: string;
  readonly #held = new Map<string, { readonly path: string; readonly content: string }>();

  /** @param stateDir absolute; made where it is not there */
  constructor(stateDir: string) {
    this.#folder = join(stateDir, "locks");
  }

  /**
   * Takes the lock of a pair; nothing happens where it is ours already.
   * @throws {InputError} `pair-runs-already` with process and file, `state-dir`
   */
  acquire(pairId: string): void {
    if (this.#held.has(pairId)) return;
    const path = join(this.#folder, `pair-${pairId}.lock`);
    const content = `${JSON.stringify({ pid: process.pid, birth: birthOf(process.pid) })}\n`;
    this.#useFolder(() => mkdirSync(this.#folder, { recursive: true }));
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const isMade = this.#useFolder(() => create(path, content));
      if (isMade) {
        this.#held.set(pairId, { path, content });
        return;
      }
      this.#useFolder(() => removeStale(path, pairId));
    }
    throw new InputError("pair-runs-already", "its lock changes hands all the time", {
      where: `pair ${pairId}, ${path}`,
      hint: "start one mm at a time",
    });
  }

  /** Never throws. */
  release(pairId: string): void {
    const held = this.#held.get(pairId);
    this.#held.delete(pairId);
    if (held === undefined) return;
    try {
      // Where somebody deleted ours by hand it may be another's by now.
      if (readFileSync(held.path, "utf8") === held.content) unlinkSync(held.path);
    } catch {
      // It stays, and is taken over once this process is gone: no reason not to stop.
    }
  }

  releaseAll(): void {
    for (const pairId of this.#held.keys()) this.release(pairId);
  }

  #useFolder<Result>(use: () => Result): Result {
    try {
      return use();
    } catch (cause) {
      if (cause instanceof InputError) throw cause;
      throw new InputError("state-dir", `cannot be written: ${messageOf(cause)}`, {
        where: `stateDir ${this.#folder}`,
        hint: "give a folder that mm may write to as stateDir in the config",
        cause,
      });
    }
  }
}

/** False where there is such a file. */
function create(path: string, content: string): boolean {
  try {
    writeFileSync(path, content, { flag: "wx", mode: 0o600 });
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === "EEXIST") return false;
    throw thrown;
  }
}

/** @throws {InputError} `pair-runs-already` where the lock's process lives, or cannot be told */
function removeStale(path: string, pairId: string): void {
  const seen = readIfThere(path);
  if (seen === null) return;
  requireStale(seen, path, pairId);
  // Moved away before it is removed, and looked at again: in between, another process may have
  // done the same and made a lock of its own under this name.
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT") return;
    throw thrown;
  }
  if (readFileSync(aside, "utf8") !== seen) linkSync(aside, path);
  unlinkSync(aside);
}

function requireStale(content: string, path: string, pairId: string): void {
  const where = `pair ${pairId}, ${path}`;
  const lock = v.safeParse(LockSchema, parsed(content));
  if (!lock.success) {
    throw new InputError("pair-runs-already", "there is a lock that does not say whose it is", {
      where,
      hint: "make sure that no other mm runs this pair, then delete the file",
    });
  }
  const { pid, birth } = lock.output;
  const birthNow = birthOf(pid);
  const isSame = birth === "" || birthNow === "" || birth === birthNow;
  if (!isAlive(pid) || !isSame) return;
  throw new InputError("pair-runs-already", `process ${pid} runs this pair already`, {
    where,
    hint: `stop it first (kill ${pid}), or give this run another stateDir and pair id`,
  });
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT") return null;
    throw thrown;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return codeOf(thrown) === "EPERM"; // there, and another user's
  }
}

/** Boot and clock tick at which a process began; empty where the system does not say. */
function birthOf(pid: number): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name, in brackets, may hold anything; field 22 is the 20th after it.
    const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return ticks === undefined ? "" : `${boot}/${ticks}`;
  } catch {
    return "";
  }
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
}
