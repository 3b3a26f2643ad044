import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { listPositions } from '@rangeward/adapter-redis/position-registry';
import { createRunRecords } from '@rangeward/adapter-redis/run-records';
import { recordingSource } from '@rangeward/cli/local/market-source';
import {
  errorNotification,
  runCompleted,
  runStarted,
  type TradeExecuted,
  tick,
  tradeExecuted,
} from '@rangeward/contracts';
import { type DriveSummary, driveMarket } from '@rangeward/localnet/drive-market';
import { localClient } from '@rangeward/localnet/local-client';
import type { MarketBlock } from '@rangeward/localnet/market-block';
import { type Address, erc20Abi, parseAbi } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { followMarket } from './follow-market.ts';
import { type LocalSystem, openLocalSystem } from './local-system.ts';

const recording = fileURLToPath(
  new URL('../../../shared/data/ethereum-usdc-weth-500-2024-01-05.pool-logs.csv', import.meta.url),
);
const main = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url));
const present = existsSync(recording);
const positionManagerAbi = parseAbi([
  'function balanceOf(address) view returns (uint256)',
  'function ownerOf(uint256) view returns (address)',
  'function positions(uint256) view returns (uint96 nonce, address operator, address token0, address token1, uint24 fee, int24 tickLower, int24 tickUpper, uint128 liquidity, uint256 feeGrowthInside0LastX128, uint256 feeGrowthInside1LastX128, uint128 tokensOwed0, uint128 tokensOwed1)',
]);

const title = present
  ? 'a real market day'
  : 'a real market day (not run: ../shared/data, which holds the recording, is not there)';

describe.skipIf(!present)(title, () => {
  let system: LocalSystem;
  let redis: Redis;
  let driven: DriveSummary;
  let before: Holdings;
  let after: Holdings;

  beforeAll(async () => {
    const market = recordingSource(recording, 'skip');
    const blocks = market.blocks as AsyncGenerator<MarketBlock>;
    const first = await blocks.next();
    system = await openLocalSystem({
      market,
      settings: { decision: { limits: { rebalancesPerDay: 20, gasUsdPerDay: 1000, notionalUsdPerDay: 1e8 } } },
      beforePosition: async ({ rpcUrl }) => {
        await driveMarket({ rpcUrl, source: [first.value as MarketBlock], blocksPerSecond: Number.POSITIVE_INFINITY });
      },
    });
    redis = await connectRedis({ url: system.world.redis.url });
    before = await readHoldings(system);
    driven = await followMarket(system, blocks);
    after = await readHoldings(system);
  }, 600_000);

  afterAll(async () => {
    if (redis) await closeRedis(redis);
    await system?.close();
  });

  const confirmed = () =>
    system.said(tradeExecuted).filter(({ outcome, kind }) => outcome === 'confirmed' && kind === 'rebalance');

  it('is traded to its end without a swap that failed, and the position follows the price', () => {
    expect(driven).toMatchObject({ failed: 0, ended: 'source' });
    expect(driven.swaps).toBeGreaterThan(6_000);
    expect(system.said(tick).length).toBeGreaterThan(3_000);
    expect(confirmed().length).toBeGreaterThan(0);
    expect(system.said(tradeExecuted).filter(({ outcome }) => outcome === 'reverted')).toEqual([]);
    expect(system.said(errorNotification)).toEqual([]);
  });

  it('leaves exactly one record of every run', async () => {
    const started = new Set(system.said(runStarted).map(({ run }) => run.id));
    const completed = system.said(runCompleted).map(({ result }) => result.runId);
    expect(started.size).toBeGreaterThan(0);
    expect(new Set(completed)).toEqual(started);
    expect(completed).toHaveLength(started.size);
    const records = await createRunRecords(redis).list({ limit: 10_000 });
    expect(new Set(records.map(({ run }) => run.id))).toEqual(started);
    expect(records.map(({ result }) => result?.status)).not.toContain(undefined);
    expect(records.filter(({ result }) => result?.status === 'failed').map(({ result }) => result?.failure)).toEqual(
      [],
    );
  });

  it('ends with ledger, chain and registry agreeing on which NFT is live', async () => {
    const [registered] = await listPositions(redis);
    const trades = confirmed();
    const last = trades.at(-1) as TradeExecuted;
    expect(registered?.tokenId).toBe(last.tokenIdAfter);
    expect(registered?.lineage).toEqual([
      system.world.position.tokenId,
      ...trades.map(({ tokenIdAfter }) => tokenIdAfter),
    ]);
    const records = await createRunRecords(redis).list({ limit: 10_000 });
    const newest = records.find(({ result }) => result?.outcome === 'confirmed' && result.decision === 'rebalance');
    expect(newest?.result?.newTokenId).toBe(last.tokenIdAfter);
    const liquidities = await Promise.all((registered?.lineage ?? []).map((tokenId) => readLiquidity(system, tokenId)));
    expect(liquidities.slice(0, -1).every((liquidity) => liquidity === 0n)).toBe(true);
    expect(liquidities.at(-1)).toBe(last.liquidityAfter);
    expect(liquidities.at(-1)).toBeGreaterThan(0n);
  });

  it('conserves value to the wei: what came out and in is what was put in, left over and paid', async () => {
    const trades = system.said(tradeExecuted).filter(({ outcome }) => outcome === 'confirmed');
    for (const trade of trades.filter(({ kind }) => kind === 'rebalance')) {
      const swapped = swapOf(trade);
      const { withdrawn, fees, minted, leftover } = trade;
      expect((withdrawn?.amount0 ?? 0n) + (fees?.amount0 ?? 0n) + swapped.amount0).toBe(
        (minted?.amount0 ?? 0n) + (leftover?.amount0 ?? 0n),
      );
      expect((withdrawn?.amount1 ?? 0n) + (fees?.amount1 ?? 0n) + swapped.amount1).toBe(
        (minted?.amount1 ?? 0n) + (leftover?.amount1 ?? 0n),
      );
    }
    const sum = (of: (trade: TradeExecuted) => bigint) => trades.reduce((total, trade) => total + of(trade), 0n);
    expect(after.token0 - before.token0).toBe(sum((trade) => trade.leftover?.amount0 ?? 0n));
    expect(after.token1 - before.token1).toBe(sum((trade) => trade.leftover?.amount1 ?? 0n));
    const [registered] = await listPositions(redis);
    expect(registered?.idle).toEqual({
      amount0: after.token0 - before.token0,
      amount1: after.token1 - before.token1,
    });
    expect(before.ether - after.ether).toBe(sum((trade) => trade.gasWei));
  });

  it('is told as profit and loss by the chain alone, to the wei what ledger, registry and wallet say', async () => {
    const trades = confirmed();
    const report = await readPnlReport(system);
    const { position } = system.world;
    expect(report.tokenIds).toEqual([position.tokenId, ...trades.map(({ tokenIdAfter }) => tokenIdAfter)].map(String));
    // Where our events or the registry and the chain disagree, a note would say so.
    expect(report.notes).toEqual([expect.stringContaining('pool’s own price')]);
    const { tokens, inStable, performance } = report;
    expect(tokens.deposited).toEqual({ amount0: `${position.amount0}`, amount1: `${position.amount1}` });
    expect(tokens.idle).toEqual({
      amount0: `${after.token0 - before.token0}`,
      amount1: `${after.token1 - before.token1}`,
    });
    const fees = system.said(tradeExecuted).map(({ fees }) => fees);
    expect(tokens.feesCollected.amount0).toBe(`${fees.reduce((sum, fee) => sum + (fee?.amount0 ?? 0n), 0n)}`);
    const opening = await gasOf(system, position.txHash);
    expect(BigInt(tokens.gas.amount1)).toBe(before.ether - after.ether + opening);
    const { change, vsHodl: _, lvr, ...parts } = inStable.parts;
    expect(Object.values<string>(parts).reduce((sum, part) => sum + BigInt(part), 0n)).toBe(BigInt(change));
    expect(BigInt(lvr)).toBeGreaterThan(0n);
    expect(performance.rebalances).toHaveLength(trades.length);
  });
});

type Holdings = { readonly token0: bigint; readonly token1: bigint; readonly ether: bigint };

async function readHoldings({ world }: LocalSystem): Promise<Holdings> {
  const { chain } = world;
  const client = localClient(chain.rpcUrl);
  const owner = chain.accounts.operator.address;
  const balance = (address: Address) =>
    client.readContract({ address, abi: erc20Abi, functionName: 'balanceOf', args: [owner] });
  const [token0, token1, ether] = await Promise.all([
    balance(chain.addresses.usdc),
    balance(chain.addresses.weth),
    client.getBalance({ address: owner }),
  ]);
  return { token0, token1, ether };
}

/** What the command says of a system that runs. */
async function readPnlReport({ world }: LocalSystem) {
  const text = await promisify(execFile)(process.execPath, [main, 'pnl', '--json', '--config', world.configFile]);
  return JSON.parse(text.stdout);
}

async function gasOf({ world }: LocalSystem, hash: `0x${string}`): Promise<bigint> {
  const { gasUsed, effectiveGasPrice } = await localClient(world.chain.rpcUrl).getTransactionReceipt({ hash });
  return gasUsed * effectiveGasPrice;
}

async function readLiquidity({ world }: LocalSystem, tokenId: bigint): Promise<bigint> {
  const { chain } = world;
  const position = await localClient(chain.rpcUrl).readContract({
    address: chain.addresses.positionManager,
    abi: positionManagerAbi,
    functionName: 'positions',
    args: [tokenId],
  });
  return position[7];
}

/** What the swap added to each token: negative for what it paid. */
function swapOf({ swap }: TradeExecuted): { amount0: bigint; amount1: bigint } {
  if (swap === null) return { amount0: 0n, amount1: 0n };
  return swap.zeroForOne
    ? { amount0: -swap.amountIn, amount1: swap.amountOut }
    : { amount0: swap.amountOut, amount1: -swap.amountIn };
}
