/**
 * An action that the venue found too late because its clock has jumped: it was surely not done, so
 * it is signed anew, once. Sends through HlApi; does no other I/O.
 */

import type { Timers } from "#net/timers.ts";
import type { ActionAnswer, ActionRequest, HlApi } from "./api.ts";
import { refusalOf } from "./errors.ts";

/** With less time than this it would expire on its way, which costs five requests. */
const LEAST_EXPIRY_MS = 1000;

export interface InTime {
  readonly api: HlApi;
  readonly timers: Timers;
  /**
   * The venue found an action too late. Never rejects.
   * @returns whether it was its clock, which is known anew, and not the way there
   */
  readonly onTooLate: () => Promise<boolean>;
  /** Whether it may still be done when that is known. */
  readonly isWanted: () => boolean;
}

/** See HlApi.act. */
export async function actInTime(
  request: ActionRequest,
  { api, timers, onTooLate, isWanted }: InTime,
): Promise<ActionAnswer> {
  const sentMs = timers.elapsedMs();
  const answer = await api.act(request);
  if (!isExpired(answer) || request.expiresInMs === null || !(await onTooLate())) return answer;
  // It must not arrive later than the first could have: by then the core gives it up.
  const expiresInMs = request.expiresInMs - (timers.elapsedMs() - sentMs);
  if (expiresInMs < LEAST_EXPIRY_MS || !isWanted()) return answer;
  return api.act({ ...request, expiresInMs });
}

/** The venue refused the whole action because it came too late. */
export function isExpired(answer: ActionAnswer): boolean {
  return answer.kind === "refused" && refusalOf(answer.message).kind === "expired";
}
