/** What requests weigh against the limit of an address of the internet, as documented. Pure. */

const INFO_WEIGHT = 20;
const LIGHT: ReadonlySet<string> = new Set([
  "l2Book",
  "allMids",
  "clearinghouseState",
  "orderStatus",
  "spotClearinghouseState",
  "exchangeStatus",
]);
const HEAVY: ReadonlyMap<string, number> = new Map([["userRole", 60]]);
/** These weigh one more for each so many items in the answer. */
const ITEMS_EACH: ReadonlyMap<string, number> = new Map([
  ["recentTrades", 20],
  ["historicalOrders", 20],
  ["userFills", 20],
  ["userFillsByTime", 20],
  ["fundingHistory", 20],
  ["userFunding", 20],
  ["candleSnapshot", 60],
]);
/** A batch weighs one more for each so many elements. */
const BATCH_EACH = 40;
const BATCHES = ["orders", "cancels", "modifies"];

/** @param action as it was posted */
export function actionWeight(action: Readonly<Record<string, unknown>>): number {
  const lengths = BATCHES.map((name) => action[name]).map((batch) =>
    Array.isArray(batch) ? batch.length : 0,
  );
  return 1 + Math.floor(Math.max(...lengths) / BATCH_EACH);
}

export function infoWeight(type: string): number {
  return LIGHT.has(type) ? 2 : (HEAVY.get(type) ?? INFO_WEIGHT);
}

/** What the answer weighs on top of its request. */
export function answerWeight(type: string, answer: unknown): number {
  const each = ITEMS_EACH.get(type);
  return each === undefined || !Array.isArray(answer) ? 0 : Math.floor(answer.length / each);
}
