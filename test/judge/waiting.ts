/** What a judge waits for: a refusal, or one item among those that come. */

import type { Inbox } from "../net/support.ts";

/** What a call was refused with; throws where it was not. */
export async function refusalOf(call: Promise<unknown>): Promise<unknown> {
  let answer: unknown;
  try {
    answer = await call;
  } catch (error) {
    return error;
  }
  throw new Error(`not refused: ${JSON.stringify(answer)}`);
}

/** The first that is as wanted; waits for it. */
export async function until<Item>(
  inbox: Inbox<Item>,
  isWanted: (item: Item) => boolean,
): Promise<Item> {
  for (;;) {
    const item = await inbox.next();
    if (isWanted(item)) return item;
  }
}
