/** A clock that tests turn by hand, but for the back-offs of the first attempts. */

import type { CancelTimer } from "#net/timers.ts";
import { ManualTimers } from "../../net/support.ts";

/** The longest of those back-offs; every wait on purpose is longer. */
const SHORT_MS = 500;

/** Back-offs end at once; all other waits end when the test turns the clock. */
export class PromptTimers extends ManualTimers {
  override after(delayMs: number, callback: () => void): CancelTimer {
    if (delayMs > SHORT_MS) return super.after(delayMs, callback);
    const timer = setTimeout(callback, 0);
    return () => clearTimeout(timer);
  }
}
