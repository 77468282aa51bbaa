/**
 * SocketPosts: the posts under way over a WebSocket, by their id, until they are answered, late or
 * lost with their connection. The venue counts one until it has answered it: so a late one is kept
 * a while after nobody waits for it any more. May import net; time is handed in.
 */

import type { CancelTimer, Timers } from "#net/timers.ts";
import { httpStatusOf, isOutcomeOpen, refusalOf } from "./errors.ts";
import type { PostOutcome } from "./socket.ts";

/** After its time-out, until the venue is taken to have forgotten it. */
const LATE_MS = 60_000;

interface Post {
  readonly connectionId: number;
  /** Null: it is late, and nobody waits for it. */
  settle: ((outcome: PostOutcome) => void) | null;
  cancelTimer: CancelTimer;
  /** Hears once that the venue counts it no more. */
  readonly onGone: () => void;
}

export class SocketPosts {
  readonly #timers: Timers;
  readonly #posts = new Map<number, Post>();
  #lastId = 0;
  #awaited = 0;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** That somebody waits for. */
  get inFlight(): number {
    return this.#awaited;
  }

  /** An id that no post had before. */
  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** It was sent just now. @param onGone once it is not under way at the venue any more */
  await(
    id: number,
    connectionId: number,
    timeoutMs: number,
    onGone: () => void,
  ): Promise<PostOutcome> {
    const { promise, resolve } = Promise.withResolvers<PostOutcome>();
    const cancelTimer = this.#timers.after(timeoutMs, () => this.#late(id, timeoutMs));
    this.#posts.set(id, { connectionId, settle: resolve, cancelTimer, onGone });
    this.#awaited += 1;
    return promise;
  }

  /** @param data of a frame on the channel `post` */
  answered(data: unknown): void {
    if (typeof data !== "object" || data === null) return;
    const { id, response }: Record<string, unknown> = { ...data };
    if (typeof id === "number") this.#finish(id, outcomeOf(response));
  }

  /**
   * An `error` frame that names a post: `too many pending post requests id=1234`.
   * @returns false where it names none of ours
   */
  failed(message: string): boolean {
    const id = Number(/\bid=(\d+)/.exec(message)?.[1] ?? 0);
    if (id < 1 || id > this.#lastId) return false;
    this.#finish(id, outcomeOfError(message));
    return true;
  }

  /** With their connection down nobody will tell what became of its posts. */
  lose(connectionId: number, why: string): void {
    for (const [id, post] of this.#posts) {
      if (post.connectionId !== connectionId) continue;
      this.#finish(id, { kind: "unknown", message: `no answer: ${why}` });
    }
  }

  #late(id: number, timeoutMs: number): void {
    const post = this.#posts.get(id);
    if (post === undefined) return;
    this.#settle(post, { kind: "unknown", message: `no answer within ${timeoutMs} ms` });
    post.cancelTimer = this.#timers.after(LATE_MS, () => this.#remove(id));
  }

  #finish(id: number, outcome: PostOutcome): void {
    const post = this.#posts.get(id);
    if (post === undefined) return;
    this.#remove(id);
    this.#settle(post, outcome);
  }

  #settle(post: Post, outcome: PostOutcome): void {
    if (post.settle === null) return;
    this.#awaited -= 1;
    post.settle(outcome);
    post.settle = null;
  }

  #remove(id: number): void {
    const post = this.#posts.get(id);
    if (post === undefined) return;
    this.#posts.delete(id);
    post.cancelTimer();
    post.onGone();
  }
}

function outcomeOf(response: unknown): PostOutcome {
  const nothing = { kind: "unknown", message: "an answer to a post without its response" } as const;
  if (typeof response !== "object" || response === null) return nothing;
  const { type, payload }: Record<string, unknown> = { ...response };
  if (type === "action") return { kind: "answered", payload };
  if (type !== "error") return nothing;
  return outcomeOfError(typeof payload === "string" ? payload : JSON.stringify(payload));
}

/**
 * The text is that of an HTTP answer, where it begins with a status. Words that nobody knows do not
 * say that nothing was done.
 */
function outcomeOfError(message: string): PostOutcome {
  const status = httpStatusOf(message);
  const { kind, reason } = refusalOf(message);
  const isOpen = status === null ? kind === "order" && reason === "other" : isOutcomeOpen(status);
  return { kind: isOpen ? "unknown" : "refused", message };
}
