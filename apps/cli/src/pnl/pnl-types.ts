/** What a report measures against: `total` and `vs-usd` the dollar, `vs-eth` the pool's other token, `vs-hodl` the deposits, held. */
export const pnlTypes = ['total', 'fees', 'vs-hodl', 'vs-usd', 'vs-eth'] as const;
export type PnlType = (typeof pnlTypes)[number];
