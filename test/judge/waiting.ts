/** What a judge waits for: a refusal, one item among those that come, or so many of them. */

import { Inbox } from "../net/support.ts";

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

/** What comes of one stream or of the user stream, kept and awaited. */
export function collected<Item>(
  stream: { on: (event: "message", callback: (data: Item) => void) => void },
  keep: (item: Item) => void,
): Inbox<Item> {
  const inbox = new Inbox<Item>();
  stream.on("message", (item) => {
    keep(item);
    inbox.push(item);
  });
  return inbox;
}

/** So many of the next; waits for them. */
export async function nextOf<Item>(inbox: Inbox<Item>, count: number): Promise<Item[]> {
  const items: Item[] = [];
  while (items.length < count) items.push(await inbox.next());
  return items;
}
