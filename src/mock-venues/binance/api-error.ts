/**
 * ApiError: an answer of the venue that is no success, with its HTTP status, code and words as
 * documented. Thrown by handlers, turned into a reply by the dispatcher. May import nothing.
 */

/** JSON beside code and message: the legs of a cancel-replace, or when to come back. */
export type ErrorData = Readonly<Record<string, unknown>>;

interface ApiErrorDetails {
  readonly data?: ErrorData;
  /** Venue's clock; REST answers it as seconds in `Retry-After`, the WebSocket API in `data`. */
  readonly retryAtMs?: number;
}

export class ApiError extends Error {
  readonly status: number;
  readonly code: number;
  readonly data: ErrorData | undefined;
  readonly retryAtMs: number | undefined;

  constructor(status: number, code: number, message: string, details: ApiErrorDetails = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.data = details.data;
    this.retryAtMs = details.retryAtMs;
  }
}

export function badRequest(code: number, message: string): ApiError {
  return new ApiError(400, code, message);
}

/** -1102: a parameter is missing or cannot be read. */
export function missing(name: string): ApiError {
  const message = `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`;
  return badRequest(-1102, message);
}
