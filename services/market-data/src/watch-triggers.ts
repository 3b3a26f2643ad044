import type { BlockHeader } from '@rangeward/adapter-evm/block-header';
import type { ChainReader } from '@rangeward/adapter-evm/client';
import { readGas } from '@rangeward/adapter-evm/gas';
import type { Bus } from '@rangeward/adapter-nats/bus';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { readTriggerMemory, saveTriggerMemory } from '@rangeward/adapter-redis/trigger-memory';
import { gasTrigger, volatilityTrigger } from '@rangeward/contracts';
import { buildCandles, windowStartS } from './build-candles.ts';
import type { MarketDataSettings } from './config.ts';
import { isoTimeOf } from './iso-time.ts';
import { realisedVolatility, volatilityRatio } from './measure-volatility.ts';
import type { PoolHistory } from './pool-history.ts';
import { stepGas, stepVolatility, type TriggerMemory, type TriggerStep } from './step-triggers.ts';
import type { WatchedPool } from './watched-pool.ts';

type TriggerWatch = {
  /** Measures volatility now and then and fires when it is high. */
  checkVolatility(pool: WatchedPool, history: PoolHistory, block: BlockHeader): Promise<void>;
  /** Fires for every pool with managed positions when gas has become cheap. */
  checkGas(pools: readonly WatchedPool[], block: BlockHeader): Promise<void>;
};

type Tools = {
  readonly redis: Redis;
  readonly bus: Bus;
  readonly chain: ChainReader;
  readonly settings: MarketDataSettings;
};

const WEI_PER_GWEI = 1e9;

/**
 * Fires before the memory is written: a crash between the two measures the same block again and repeats the very same
 * event, which counts once.
 */
export function createTriggerWatch({ redis, bus, chain, settings }: Tools): TriggerWatch {
  const memories = new Map<string, TriggerMemory | null>();
  const measuredAtS = new Map<string, number>();
  const thresholdWei = BigInt(Math.round(chain.known.gasThresholdGwei * WEI_PER_GWEI));

  async function remembered(kind: 'volatility' | 'gas', pool: WatchedPool): Promise<TriggerMemory | null> {
    const key = `${kind}/${pool.address}`;
    if (!memories.has(key)) {
      memories.set(key, await readTriggerMemory(redis, { kind, chain: chain.name, pool: pool.address }));
    }
    return memories.get(key) ?? null;
  }

  async function remember(
    kind: 'volatility' | 'gas',
    pool: WatchedPool,
    before: TriggerMemory | null,
    step: TriggerStep,
  ) {
    const { memory } = step;
    if (before !== null && memory.armed === before.armed && memory.firedAtS === before.firedAtS) return;
    memories.set(`${kind}/${pool.address}`, memory);
    await saveTriggerMemory(redis, { kind, chain: chain.name, pool: pool.address }, memory);
  }

  return {
    async checkVolatility(pool, history, block) {
      const lastS = measuredAtS.get(pool.address);
      if (lastS !== undefined && block.timestampS - lastS < settings.volatility.checkEveryS) return;
      measuredAtS.set(pool.address, block.timestampS);
      const { realised, normal } = await measure(pool, history, block, settings);
      const ratio = volatilityRatio(realised, normal);
      const before = await remembered('volatility', pool);
      const step = stepVolatility(before, { ratio, nowS: block.timestampS }, settings.volatility);
      if (step.fire && realised !== null && normal !== null && ratio !== null) {
        await bus.publish(volatilityTrigger, {
          ...whereAndWhen(pool, block),
          realisedAnnual: realised,
          normalAnnual: normal,
          ratio,
          thresholdRatio: settings.volatility.thresholdRatio,
        });
      }
      await remember('volatility', pool, before, step);
    },
    async checkGas(pools, block) {
      // A block's base fee is within an eighth of the next one's: far above the threshold, nothing need be asked.
      const isFar = block.baseFeeWei > thresholdWei * 4n;
      const gas = isFar ? undefined : await readGas(chain, block.number);
      const gasPriceWei = gas === undefined ? block.baseFeeWei : gas.baseFeeWei + gas.priorityFeeWei;
      for (const pool of pools) {
        const before = await remembered('gas', pool);
        const seen = { gasPriceWei, nowS: block.timestampS };
        const step = stepGas(before, seen, { ...settings.gas, thresholdWei });
        if (step.fire) await bus.publish(gasTrigger, { ...whereAndWhen(pool, block), gasPriceWei, thresholdWei });
        await remember('gas', pool, before, step);
      }
    },
  };
}

/** Annualised volatility of the recent window and of the whole look-back, as of a block. */
async function measure(pool: WatchedPool, history: PoolHistory, block: BlockHeader, settings: MarketDataSettings) {
  const { candleSeconds, lookbackS } = settings;
  const window = { candleSeconds, lookbackS, endS: block.timestampS };
  const trades = await history.tradesUntil(block, windowStartS(window));
  const candles = buildCandles(trades, window, pool.stableDecimals);
  return {
    realised: realisedVolatility(candles, block.timestampS - settings.volatility.recentS, block.timestampS),
    normal: realisedVolatility(candles, 0, block.timestampS),
  };
}

function whereAndWhen(pool: WatchedPool, block: BlockHeader) {
  return {
    chain: pool.chain,
    pool: pool.address,
    block: block.number,
    blockHash: block.hash,
    blockTime: isoTimeOf(block),
  };
}
