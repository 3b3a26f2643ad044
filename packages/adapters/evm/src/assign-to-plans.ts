import type { Address, Hex } from 'viem';
import type { MinedTransaction } from './line-transactions.ts';

/**
 * Which plan each of the wallet's transactions was a step of. Calls of the position manager and the routers carry the plan's
 * marker. Approvals carry none: one belongs to the plan of the marked call before it when only approvals lie between them by
 * nonce, and another call of that plan follows in the same way or it takes a permission away. Anyone may write a marker, so only the
 * wallet's own count.
 */
export function assignToPlans(
  transactions: readonly MinedTransaction[],
  of: { readonly wallet: Address; readonly tokens: readonly Address[] },
): Map<Hex, string> {
  const own = new Map(transactions.filter(({ from }) => from === of.wallet).map((one) => [one.nonce, one]));
  const isApproval = ({ to }: MinedTransaction) => to !== null && of.tokens.includes(to);
  const marked = (one: MinedTransaction | undefined, step: 1 | -1): string | undefined => {
    let next = one;
    while (next !== undefined && isApproval(next)) next = own.get(next.nonce + step);
    return next?.marker?.planId;
  };
  const plans = new Map<Hex, string>();
  for (const one of own.values()) {
    const before = marked(one, -1);
    if (before === undefined) continue;
    if (!isApproval(one) || before === marked(one, 1) || takesAway(one)) plans.set(one.hash, before);
  }
  return plans;
}

/** Every value that its logs carry is zero, as of an approval of nothing. */
function takesAway({ logs }: MinedTransaction): boolean {
  return logs.length > 0 && logs.every(({ data }) => BigInt(data) === 0n);
}
