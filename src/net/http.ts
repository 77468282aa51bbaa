/**
 * HTTP by `fetch`, for requests whose fate matters: whatever the status, its headers and body are
 * kept, and trouble with the network is a value that says whether the venue may have acted. An
 * unknown outcome is not a failure: the caller must ask. Does network I/O; time is handed in.
 *
 * Redirects are not followed: a signed request goes where it was sent. And it is sent once: on a
 * kept connection that turns out dead Bun sends a GET, PUT or DELETE again by itself, and a cancel
 * that succeeded would be answered "unknown order"; so PUT and DELETE get a fresh connection.
 */

import { InputError, messageOf } from "#domain/errors.ts";
import type { Timers } from "./timers.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Absolute, `http:` or `https:`. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole exchange, body included. */
  readonly timeoutMs: number;
  /** A longer answer (after decompression) is cut off. Default: 16 MiB. */
  readonly maxBodyBytes?: number;
}

export type HttpOutcome =
  /** A whole answer, of any status. */
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: Headers;
      readonly body: string;
    }
  /** The venue may or may not have acted on it. `status` where the answer had begun. */
  | {
      readonly kind: "unknown";
      readonly reason: "timeout" | "connection-lost" | "body-too-large";
      readonly status: number | null;
      readonly message: string;
      readonly cause: unknown;
    }
  /** It never reached the venue: safe to send again. */
  | { readonly kind: "not-sent"; readonly message: string; readonly cause: unknown };

/** Method, headers and body are `fetch`'s own; tests may hand in another. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const DEFAULT_MAX_BODY_BYTES = 16 * 1024 * 1024;

/**
 * Errors that can come only before the request was written. Anything else counts as unknown, host
 * unreachable too: Linux reports it on established connections as well.
 */
const NOT_SENT_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

export class HttpClient {
  readonly #timers: Timers;
  readonly #fetch: Fetch;

  constructor(timers: Timers, fetchWith: Fetch = fetch) {
    this.#timers = timers;
    this.#fetch = fetchWith;
  }

  /**
   * Sends one request; none but a GET ever twice. Never rejects for trouble with the network.
   *
   * @throws InputError where the URL is none of http or https
   */
  async send(request: HttpRequest): Promise<HttpOutcome> {
    checkUrl(request.url);
    const abort = new AbortController();
    const progress: Progress = { status: null, isLate: false };
    const cancelTimer = this.#timers.after(request.timeoutMs, () => {
      progress.isLate = true;
      abort.abort();
    });
    try {
      const response = await this.#fetch(request.url, {
        method: request.method,
        headers: { ...request.headers },
        redirect: "manual",
        keepalive: request.method === "GET" || request.method === "POST",
        signal: abort.signal,
        ...(request.body === undefined ? {} : { body: request.body }),
      });
      progress.status = response.status;
      const maxBytes = request.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
      const body = await readText(response, maxBytes);
      const { status, headers } = response;
      return body === null
        ? unknown("body-too-large", status, new Error(`more than ${maxBytes} bytes of body`))
        : { kind: "answered", status, headers, body };
    } catch (thrown) {
      return outcomeOf(thrown, progress, request.timeoutMs);
    } finally {
      cancelTimer();
    }
  }
}

interface Progress {
  status: number | null;
  isLate: boolean;
}

function checkUrl(url: string): void {
  // Bun's fetch also opens files, object stores and data: URLs, which no venue is.
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return;
  const shown = url.split("?")[0] ?? ""; // the query may hold a signature
  throw new InputError("url", `${shown} is no address of the web`, {
    hint: "it must begin with https:// or http://",
  });
}

/** The body as text; null where it is longer than allowed, the rest of it being refused. */
async function readText(response: Response, maxBytes: number): Promise<string | null> {
  if (response.body === null) return "";
  const body: AsyncIterable<Uint8Array> = response.body;
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = "";
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return null; // leaving the loop cancels the stream
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function outcomeOf(thrown: unknown, { status, isLate }: Progress, timeoutMs: number): HttpOutcome {
  if (isLate) {
    return unknown("timeout", status, new Error(`no whole answer within ${timeoutMs} ms`));
  }
  const isBeforeSending = status === null && NOT_SENT_CODES.has(codeOf(thrown));
  if (isBeforeSending) return { kind: "not-sent", message: messageOf(thrown), cause: thrown };
  return unknown("connection-lost", status, thrown);
}

function unknown(
  reason: "timeout" | "connection-lost" | "body-too-large",
  status: number | null,
  cause: unknown,
): HttpOutcome {
  return { kind: "unknown", reason, status, message: messageOf(cause), cause };
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
}
