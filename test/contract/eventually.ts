/** Waits for something to become true, and not for longer than a test may take. */

const POLL_MS = 3;
const TIMEOUT_MS = 8000;

/**
 * The first answer that is neither undefined nor false.
 * @throws where there is none in time; `state` says what there was instead
 */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false,
  state: () => string = () => "",
): Promise<T> {
  const untilMs = performance.now() + TIMEOUT_MS;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > untilMs) throw new Error(`not in time: ${what}\n${state()}`);
    await Bun.sleep(POLL_MS);
  }
}
