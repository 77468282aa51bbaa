/** The venue's words for what it refuses, as clients see them: live ones end with the asset. */

const tail = (asset: number): string => ` asset=${asset}`;

export const TEXTS = {
  emptyBatch: "Empty batch of orders.",
  invalidAsset: (asset: number): string => `Invalid perp asset${tail(asset)}`,
  tick: (asset: number): string => `Price must be divisible by tick size.${tail(asset)}`,
  size: (asset: number): string => `Order has invalid size.${tail(asset)}`,
  farPrice: (asset: number): string =>
    `Order price cannot be more than 95% away from the reference price${tail(asset)}`,
  /** That it is refused is documented, in which words is not. */
  triggerNotReduceOnly: "Trigger orders must be reduce only.",
  triggerKind: "Only stop market trigger orders are simulated.",
  minimum: (asset: number): string => `Order must have minimum value of $10.${tail(asset)}`,
  margin: (asset: number): string => `Insufficient margin to place order.${tail(asset)}`,
  reduceOnly: (asset: number): string => `Reduce only order would increase position.${tail(asset)}`,
  postOnly: (bbo: string, asset: number): string =>
    `Post only order would have immediately matched, bbo was ${bbo}.${tail(asset)}`,
  ioc: (asset: number): string =>
    `Order could not immediately match against any resting orders.${tail(asset)}`,
  trigger: (asset: number): string => `Invalid TP/SL price.${tail(asset)}`,
  noLiquidity: (asset: number): string => `No liquidity available for market order.${tail(asset)}`,
  tooManyOrders: (open: number, asset: number): string =>
    `Too many open orders: ${open}.${tail(asset)}`,
  upgrade: "Only post-only orders allowed immediately after a network upgrade",
  missing: (asset: number): string =>
    `Order was never placed, already canceled, or filled.${tail(asset)}`,
  fastTriggerCancel: (asset: number): string =>
    `Trigger orders cannot be canceled with priority.${tail(asset)}`,
  modifyGone: "Cannot modify canceled or filled order",
  modifyInvalid: "Attempted to modify to invalid new order",
  modifyRefused: (reason: string): string => `Error placing new order during modify: ${reason}`,
  expired: "Action already expired",
  unknownSigner: (address: string): string =>
    `L1 error: User or API Wallet ${address} does not exist.`,
  mustDeposit: (address: string): string =>
    `Must deposit before performing actions. User: ${address}`,
  vault: (address: string): string => `Vault not registered: ${address}`,
  nonceLow: (nonce: number, least: number): string =>
    `Invalid nonce: nonce too low ${nonce} < ${least}`,
  nonceHigh: (nonce: number, most: number): string =>
    `Invalid nonce: nonce too high ${nonce} > ${most}`,
  nonceUsed: (nonce: number): string => `Invalid nonce: duplicate nonce ${nonce}`,
  budget: (used: number, cap: number, volume: string): string =>
    `Too many cumulative requests sent (${used} > ${cap}) for cumulative volume traded ` +
    `$${volume}. Place taker orders to free up 1 request per USDC traded.`,
  scheduleVolume: (required: number, traded: string): string =>
    "Cannot set scheduled cancel time until enough volume traded. " +
    `Required: $${required}. Traded: $${traded}.`,
  scheduleSoon: "Scheduled cancel time must be at least 5 seconds from now",
  scheduleOften: (most: number): string => `Cannot schedule more than ${most} cancels a day`,
  leverage: (asset: number): string => `Invalid leverage value${tail(asset)}`,
  crossRefused: (asset: number): string =>
    `Cross margin is not allowed for this asset${tail(asset)}`,
  leverageKind: "Cannot switch leverage type with open position.",
  leverageMargin: "Cannot decrease leverage: insufficient margin for the open position.",
  noIsolated: "Cannot update isolated margin: no isolated position.",
  isolatedMargin: "Insufficient margin to update isolated margin.",
  weightCost: "Insufficient balance to reserve request weight.",
  unparsed: "Failed to deserialize the JSON body into the target type",
  mockOnly: (type: string): string => `Action ${type} is not simulated.`,
} as const;
