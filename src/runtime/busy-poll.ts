/**
 * Busy polling: an event loop that never sleeps. A sleeping thread takes tens of microseconds to
 * wake up when a message comes; a turning one hands it on at once, and uses up a whole core.
 */

/** Keeps this thread's event loop turning. @returns ends it */
export function spin(): () => void {
  let isOn = true;
  const turn = (): void => {
    if (isOn) setImmediate(turn);
  };
  turn();
  return () => {
    isOn = false;
  };
}
