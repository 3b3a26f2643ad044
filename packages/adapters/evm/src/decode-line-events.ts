import type { Amounts } from '@rangeward/uniswap-v3/liquidity-amounts';
import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';
import { type Address, type Log, parseEventLogs } from 'viem';
import { poolAbi, positionManagerAbi, tokenAbi } from './abis.ts';
import type { ChainLog, MinedTransaction } from './line-transactions.ts';
import { lowerAddress } from './lower-address.ts';

/** What a transaction did to NFTs and in the pool, in the order of its logs. Amounts in wei. */
export type LineEvent = { readonly logIndex: number } & (
  | ({ readonly kind: 'increase'; readonly nft: bigint; readonly liquidity: bigint } & Amounts & TickRange)
  | ({ readonly kind: 'decrease'; readonly nft: bigint; readonly liquidity: bigint } & Amounts)
  /** What the pool really paid; the manager's own event may claim a few wei more. */
  | ({ readonly kind: 'collect'; readonly nft: bigint; readonly recipient: Address } & Amounts)
  /** Gained by the trader positive, paid negative. */
  | ({ readonly kind: 'swap'; readonly recipient: Address } & Amounts)
  | { readonly kind: 'transfer'; readonly nft: bigint; readonly from: Address; readonly to: Address }
);

/** Whose events count: the pool's and the position manager's own. */
export type LineSources = {
  readonly pool: { readonly address: Address; readonly token0: Address; readonly token1: Address };
  readonly positionManager: Address;
};

/** Decodes what may count for a line of this pool; events of the manager without the pool's own beside them are of another pool. */
export function decodeLineEvents(transaction: MinedTransaction, sources: LineSources): LineEvent[] {
  const events: LineEvent[] = [];
  let minted: TickRange | undefined;
  let paid: Amounts | undefined;
  for (const log of transaction.logs) {
    if (log.address === sources.pool.address) {
      const found = decodePool(log);
      if (found?.kind === 'mint') minted = found;
      else if (found?.kind === 'paid') paid = found;
      else if (found !== undefined) events.push(found);
    } else if (log.address === sources.positionManager) {
      const found = decodeManager(log, minted, paid);
      if (found !== undefined) events.push(found);
    }
  }
  return events;
}

/** Whether `payer` sent either token to the pool in this transaction. */
export function paidIntoPool({ logs }: MinedTransaction, { pool }: LineSources, payer: Address): boolean {
  return logs
    .filter(({ address }) => address === pool.token0 || address === pool.token1)
    .flatMap((log) => parseEventLogs({ abi: tokenAbi, eventName: 'Transfer', logs: viemLogs(log) }))
    .some(({ args }) => lowerAddress(args.from) === payer && lowerAddress(args.to) === pool.address);
}

type PoolFact =
  | Extract<LineEvent, { kind: 'swap' }>
  | ({ readonly kind: 'mint' } & TickRange)
  | ({ readonly kind: 'paid' } & Amounts);

function decodePool(log: ChainLog): PoolFact | undefined {
  const [event] = parseEventLogs({ abi: poolAbi, logs: viemLogs(log) });
  if (event?.eventName === 'Mint')
    return { kind: 'mint', tickLower: event.args.tickLower, tickUpper: event.args.tickUpper };
  if (event?.eventName === 'Collect') return { kind: 'paid', amount0: event.args.amount0, amount1: event.args.amount1 };
  if (event?.eventName !== 'Swap') return undefined;
  const { recipient, amount0, amount1 } = event.args;
  const { logIndex } = log;
  return { kind: 'swap', logIndex, recipient: lowerAddress(recipient), amount0: -amount0, amount1: -amount1 };
}

function decodeManager(log: ChainLog, minted: TickRange | undefined, paid: Amounts | undefined): LineEvent | undefined {
  const { logIndex } = log;
  const [event] = parseEventLogs({ abi: positionManagerAbi, logs: viemLogs(log) });
  switch (event?.eventName) {
    case 'IncreaseLiquidity': {
      // Another pool's NFT was increased in the same transaction: it is none of this line.
      if (minted === undefined) return undefined;
      const { tokenId, liquidity, amount0, amount1 } = event.args;
      const { tickLower, tickUpper } = minted;
      return { kind: 'increase', logIndex, nft: tokenId, liquidity, amount0, amount1, tickLower, tickUpper };
    }
    case 'DecreaseLiquidity': {
      const { tokenId, liquidity, amount0, amount1 } = event.args;
      return { kind: 'decrease', logIndex, nft: tokenId, liquidity, amount0, amount1 };
    }
    case 'Collect': {
      if (paid === undefined) return undefined;
      const { amount0, amount1 } = paid;
      return {
        kind: 'collect',
        logIndex,
        nft: event.args.tokenId,
        recipient: lowerAddress(event.args.recipient),
        amount0,
        amount1,
      };
    }
    case 'Transfer': {
      const { from, to, tokenId } = event.args;
      return { kind: 'transfer', logIndex, nft: tokenId, from: lowerAddress(from), to: lowerAddress(to) };
    }
    default:
      return undefined;
  }
}

function viemLogs(log: ChainLog): Log[] {
  // Decoding reads address, topics and data only.
  return [log as unknown as Log];
}
