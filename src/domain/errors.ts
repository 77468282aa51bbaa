/**
 * The one error tree. Subclasses are few and say what the caller can do about it;
 * docs/errors.md has the table. Imports nothing.
 */

interface ErrorDetails {
  /** Where it is: a file and line, a config path, an order id. */
  readonly where?: string;
  /** What to do about it, as a sentence without its full stop. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** Root of every error that MM throws on purpose. */
export abstract class MmError extends Error {
  /** Stable, for machines: kebab-case. */
  readonly code: string;
  readonly where: string | undefined;
  readonly hint: string | undefined;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.where = details.where;
    this.hint = details.hint;
  }

  /** One line for people: where, what, what to do. */
  describe(): string {
    const where = this.where === undefined ? "" : `${this.where}: `;
    const hint = this.hint === undefined ? "" : `; ${this.hint}`;
    // Venues end their sentences; ours goes on.
    return `${where}${hint === "" ? this.message : this.message.replace(/\.$/, "")}${hint}`;
  }
}

/** What the user gave is wrong (argument, config, tape): they correct it and try again. */
export class InputError extends MmError {}

/** A rule of our own is broken: a bug. Nothing to retry; the pair stops and it is reported. */
export class InvariantError extends MmError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("invariant", message, details);
  }
}

/** The message of anything thrown, whoever threw it. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof MmError) return thrown.describe();
  return thrown instanceof Error ? thrown.message : String(thrown);
}
