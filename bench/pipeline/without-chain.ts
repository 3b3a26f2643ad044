import { ignoreOthers, on } from '@rangeward/adapter-nats/bus';
import { readStop } from '@rangeward/adapter-redis/trading-control';
import { consumers, type Plan, rebalancePlanned, type TradeExecuted, tradeExecuted } from '@rangeward/contracts';
import { assertWellFormed, checkPlan } from '@rangeward/executor/check-plan';
import type { Settings as ExecutorSettings } from '@rangeward/executor/config';
import { createLedger } from '@rangeward/executor/ledger';
import type { DoneStep } from '@rangeward/executor/step-facts';
import { summariseTrade } from '@rangeward/executor/summarise-trade';
import type { HostedDependencies, RunningService } from '@rangeward/host/host-service';
import type { ChainFeed } from '@rangeward/market-data/chain-feed';
import type { Settings as MarketDataSettings } from '@rangeward/market-data/config';
import { onRunStarted } from '@rangeward/market-data/on-run-started';
import { watchedPool } from '@rangeward/market-data/watched-pool';
import { block, memoryChain, memoryTrades, memoryWalletState, place, wallet } from './memory-market.ts';

/**
 * The two services that touch the chain, without it: their own handlers and pure parts, on the real bus, inbox and
 * state, with a table where the node was.
 */

/** market-data's own handler of run-started, whose feed is one block in memory. */
export async function startMarketData(dependencies: HostedDependencies<MarketDataSettings>): Promise<RunningService> {
  const { bus, redis, config, now } = dependencies;
  const settings = config.marketData;
  const pools = Object.values(config.chains[place.chain]?.pools ?? {}).map((pool) => watchedPool(place.chain, pool));
  const trades = memoryTrades(settings.lookbackS, 21);
  const history = {
    put: () => {},
    drop: () => {},
    markGap: () => {},
    isComplete: () => true,
    tradesUntil: async (_: unknown, sinceS: number) => trades.filter((trade) => trade.timeS >= sinceS),
  };
  const feed: ChainFeed = {
    chain: memoryChain(),
    pools,
    histories: new Map(pools.map((pool) => [pool.address, history])),
    settledHead: async () => block,
    status: () => ({ source: 'memory', block: block.number, heardAtMs: now() }),
    stop: async () => {},
  };
  const handler = onRunStarted({
    chains: { feeds: new Map([[place.chain, feed]]), missing: new Map() },
    redis,
    settings,
    now,
  });
  const consumption = await bus.consume(consumers.marketDataRuns, [handler, ignoreOthers]);
  return { stop: () => consumption.stop() };
}

/**
 * The executor's paper trading without its node: the plan's id and form, every check, the books and the closing event
 * are its own; what the simulated transactions would answer is made up, to the wei.
 */
export async function startExecutor(dependencies: HostedDependencies<ExecutorSettings>): Promise<RunningService> {
  const { bus, redis, config, log, now } = dependencies;
  const ledger = createLedger({ redis, log, now });
  const chain = memoryWalletState();
  const { maxTwapDeviationTicks, twapWindowS } = config.executor;
  const handler = on(rebalancePlanned, async ({ data: plan }, context) => {
    assertWellFormed(plan);
    const { checks, refusal } = checkPlan(plan, {
      now: new Date(now()).toISOString(),
      mode: config.mode,
      wallet,
      poolConfigured: true,
      breakerOpen: await ledger.breakerOpen(plan.run.chain),
      stop: await readStop(redis),
      liveTokenId: await ledger.liveTokenId(plan),
      maxTwapDeviationTicks,
      twapWindowS,
      chain,
    });
    if (refusal !== null) throw new Error(`the bench's own plan was refused: ${refusal}`);
    await ledger.releaseBudget(plan.reservationId);
    const trade = simulated(plan, config.mode, checks, chain.pool.sqrtPriceX96);
    await context.publish(tradeExecuted, trade, { correlationId: plan.run.id });
  });
  const consumption = await bus.consume(consumers.executorPlans, [handler, ignoreOthers]);
  return { stop: () => consumption.stop() };
}

const feeWei = 11n * 10n ** 8n;
const gasOf = { withdraw: 230_000n, 'approve-router': 46_000n, swap: 130_000n, mint: 420_000n } as const;

function simulated(
  plan: Plan,
  mode: TradeExecuted['mode'],
  checks: TradeExecuted['checks'] | Parameters<typeof summariseTrade>[0]['checks'],
  sqrtPriceX96: bigint,
): TradeExecuted {
  const done = stepsOf(plan);
  const transactions = done.map(({ name }) => ({
    step: name,
    hash: null,
    nonce: null,
    block: null,
    gasUsed: gasOf[name as keyof typeof gasOf],
    effectiveGasPriceWei: feeWei,
    status: 'simulated' as const,
  }));
  return summariseTrade({
    plan,
    mode,
    outcome: 'simulated',
    reason: 'nothing was sent; the position would move (the very transactions, simulated in a row)',
    checks,
    done,
    transactions,
    gasWei: transactions.reduce((sum, { gasUsed }) => sum + gasUsed * feeWei, 0n),
    priceBeforeSwapX96: sqrtPriceX96,
    priceAfterX96: sqrtPriceX96,
  });
}

/** Half of the one token is sold for the other, and nine tenths of both are put into the new range. */
function stepsOf(plan: Plan): DoneStep[] {
  const { amount0, amount1, fees0, fees1 } = plan.market.position;
  const all = { amount0: amount0 + fees0, amount1: amount1 + fees1 };
  const zeroForOne = all.amount0 > 0n && amount1 === 0n;
  const amountIn = (zeroForOne ? all.amount0 : all.amount1) / 2n;
  const amountOut = zeroForOne ? amountIn * 333_000_000n : amountIn / 333_000_000n;
  const held = zeroForOne
    ? { amount0: all.amount0 - amountIn, amount1: all.amount1 + amountOut }
    : { amount0: all.amount0 + amountOut, amount1: all.amount1 - amountIn };
  const amounts = { amount0: (held.amount0 * 9n) / 10n, amount1: (held.amount1 * 9n) / 10n };
  const token = '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2';
  const spender = '0xe592427a0aece92de3edee1f18e0157c05861564';
  return [
    {
      name: 'withdraw',
      facts: { kind: 'withdrawn', principal: { amount0, amount1 }, fees: { amount0: fees0, amount1: fees1 } },
    },
    { name: 'approve-router', facts: { kind: 'approved', token, spender, amount: amountIn } },
    {
      name: 'swap',
      facts: { kind: 'swapped', zeroForOne, amountIn, amountOut, sqrtPriceAfterX96: plan.market.pool.sqrtPriceX96 },
    },
    {
      name: 'mint',
      facts: { kind: 'minted', tokenId: plan.position.tokenId + 1n, liquidity: plan.position.liquidity, amounts },
    },
  ];
}
