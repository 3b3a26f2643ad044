import { poolAbi } from '@rangeward/adapter-evm/abis';
import { readNft, readWalletHoldings } from '@rangeward/adapter-evm/wallet-holdings';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { listPositions, type PositionRef } from '@rangeward/adapter-redis/position-registry';
import type { Address } from 'viem';
import { getTransactionCount, readContract } from 'viem/actions';
import type { Observed } from './reconcile.ts';
import type { RestoredPosition } from './restore-books.ts';
import type { WalletTools } from './wallet-tools.ts';

/** What was found and done before the wallet is looked at. */
type Before = Pick<Observed, 'known' | 'plans'> & {
  readonly floor: number | null;
  readonly restored: readonly RestoredPosition[];
};

/** Reads one wallet from Redis and the chain, as `reconcile` wants it. Throws when either does not answer. */
export async function observeWallet(tools: WalletTools, redis: Redis, before: Before): Promise<Observed> {
  const { client, wallet, site } = tools;
  // Configured addresses are lower case.
  const pools = [...tools.pools] as Address[];
  const [latest, pending, openPlan, positions, holdings] = await Promise.all([
    getTransactionCount(client, { address: wallet, blockTag: 'latest' }),
    getTransactionCount(client, { address: wallet, blockTag: 'pending' }),
    tools.records.openPlan(),
    listPositions(redis),
    readWalletHoldings(client, {
      wallet,
      positionManager: site.positionManager,
      pools,
      spenders: [site.positionManager, site.swapRouter],
    }),
  ]);
  const own = positions.filter(({ chain, pool }) => chain === tools.chain && tools.pools.has(pool));
  const registered = await Promise.all(
    own.map(async ({ chain, pool, id, tokenId, lineage, restingPlan }) => {
      const nft = await readNft(client, site.positionManager, tokenId);
      const answer = answerFor(before.restored, { chain, pool, id });
      return {
        ...{ id, pool, tokenId, lineage, owner: nft?.owner ?? null, liquidity: nft?.liquidity ?? null },
        ...{ rests: restingPlan !== null, disagrees: answer === 'disagrees', restored: answer === 'restored' },
      };
    }),
  );
  const idle = await idleByToken(tools, own);
  return {
    ...{ wallet, known: before.known, plans: before.plans, openPlan, registered },
    nonce: { latest, pending, floor: before.floor },
    configured: [...tools.configuredNfts],
    nfts: holdings.nfts,
    allowances: holdings.allowances,
    tokens: holdings.tokens.map(({ token, balance }) => ({ token, balance, idle: idle.get(token) ?? 0n })),
  };
}

function answerFor(restored: readonly RestoredPosition[], ref: PositionRef) {
  return restored.find((one) => one.ref.pool === ref.pool && one.ref.id === ref.id)?.answer;
}

async function idleByToken(
  { client }: WalletTools,
  positions: readonly (PositionRef & { readonly idle: { readonly amount0: bigint; readonly amount1: bigint } })[],
): Promise<Map<string, bigint>> {
  const idle = new Map<string, bigint>();
  for (const { pool, idle: left } of positions) {
    // Pool addresses of the registry are lower case.
    const at = { address: pool as Address, abi: poolAbi } as const;
    const [token0, token1] = await Promise.all([
      readContract(client, { ...at, functionName: 'token0' }),
      readContract(client, { ...at, functionName: 'token1' }),
    ]);
    for (const [token, amount] of [
      [token0, left.amount0],
      [token1, left.amount1],
    ] as const) {
      idle.set(token.toLowerCase(), (idle.get(token.toLowerCase()) ?? 0n) + amount);
    }
  }
  return idle;
}
