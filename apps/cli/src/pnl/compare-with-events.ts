import type { ChainLine } from '@rangeward/adapter-evm/read-line';
import type { RegisteredPosition } from '@rangeward/adapter-redis/position-registry';
import type { TradeExecuted } from '@rangeward/contracts';
import type { ComposedLedger } from './compose-ledger.ts';

/**
 * Where what we said and wrote down is not what the chain says, one sentence each; the chain is what is counted. `trades` are those
 * of this position; only what was really sent is compared.
 */
export function compareWithEvents(of: {
  readonly line: ChainLine;
  readonly ledger: ComposedLedger;
  readonly registered: RegisteredPosition | null;
  readonly trades: readonly TradeExecuted[];
}): string[] {
  const sent = of.trades.filter(({ mode, transactions }) => mode === 'live' && transactions.length > 0);
  return [...compareRegistry(of), ...sent.flatMap((trade) => compareTrade(trade, of))];
}

function compareRegistry({ line, ledger, registered }: Parameters<typeof compareWithEvents>[0]): string[] {
  if (registered === null) return [];
  const { lineage, idle } = registered;
  const said: string[] = [];
  const [ours, chains] = [lineage, line.tokenIds].map((ids) => ids.join(', '));
  if (ours !== chains) said.push(`the registry knows NFTs ${ours}; the chain says ${chains}`);
  const { amount0, amount1 } = ledger.idle;
  if (idle.amount0 !== amount0 || idle.amount1 !== amount1)
    said.push(
      `the registry notes ${idle.amount0} and ${idle.amount1} wei idle; the chain says ${amount0} and ${amount1}`,
    );
  return said;
}

function compareTrade(
  trade: TradeExecuted,
  { line, ledger }: Pick<Parameters<typeof compareWithEvents>[0], 'line' | 'ledger'>,
): string[] {
  const said: string[] = [];
  const plan = trade.planId.slice(0, 12);
  for (const { hash, status } of trade.transactions) {
    if (hash === null) continue;
    const found = line.transactions.find((one) => one.hash === hash);
    if (found === undefined) said.push(`plan ${plan}: the chain has no transaction ${hash}`);
    else if (found.succeeded !== (status === 'success'))
      said.push(`plan ${plan}: ${hash} ${found.succeeded ? 'succeeded' : 'reverted'} on chain, we said ${status}`);
  }
  const gasWei = line.transactions
    .filter(({ planId }) => planId === trade.planId)
    .reduce((sum, { feeWei }) => sum + feeWei, 0n);
  if (gasWei !== trade.gasWei) said.push(`plan ${plan}: gas of ${gasWei} wei on chain, we said ${trade.gasWei}`);
  for (const token of ['amount0', 'amount1'] as const) {
    const collected = ledger.entries
      .filter(({ planId, entry }) => planId === trade.planId && entry.kind === 'collect')
      .reduce((sum, { entry }) => sum + entry[token], 0n);
    const told = (trade.withdrawn?.[token] ?? 0n) + (trade.fees?.[token] ?? 0n);
    if (collected !== told) said.push(`plan ${plan}: ${collected} wei of ${token} came out on chain, we said ${told}`);
  }
  return said;
}
