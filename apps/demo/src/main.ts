import { addresses } from '@rangeward/localnet/addresses';
import { type DriveSummary, driveMarket } from '@rangeward/localnet/drive-market';
import { describePool, readPoolPrice } from '@rangeward/localnet/drive-pool';
import { localClient } from '@rangeward/localnet/local-client';
import { marketBlocks } from '@rangeward/localnet/market-model';
import { loadConfig } from '@rangeward/service/config';
import { startHealth } from '@rangeward/service/health';
import { createLogger } from '@rangeward/service/log';
import { runProcess } from '@rangeward/service/process';
import { volatilePriceUsdE6 } from '@rangeward/uniswap-v3/price';
import { environment, settings } from './config.ts';

/** Blocks between two lines in the log. */
const LOG_EVERY = 500;
/** Without a block for so long the market is not ready. */
const STALE_MS = 30_000;

/** Makes the local chain's pool trade, through the real router, from whatever price it has now, until asked to end. */
await runProcess('market', async (life) => {
  const { config } = loadConfig({ schema: settings, files: [], env: environment, knownSections: ['demo'] });
  const log = createLogger({ service: 'market', level: config.log.level });
  life.reportTo(log);
  let latest = { blockNumber: 0n, atMs: Number.NEGATIVE_INFINITY };
  const readiness = () => {
    const ready = performance.now() - latest.atMs < STALE_MS;
    return { ready, detail: { block: String(latest.blockNumber) } };
  };
  await life.open(
    'health',
    () => startHealth({ ...config.health, readiness, draining: () => life.signal.aborted }),
    (health) => health.close(),
  );
  const { rpcUrl, seed, blocksPerSecond } = config.demo;
  const source = marketBlocks(seed, await presentMarket(rpcUrl));
  const driven = driveMarket({
    rpcUrl,
    source,
    blocksPerSecond,
    signal: life.signal,
    onBlock: ({ blockNumber, tick, swaps, failed }) => {
      latest = { blockNumber, atMs: performance.now() };
      if (blockNumber % BigInt(LOG_EVERY) === 0n)
        log.info({ block: String(blockNumber), tick, swaps, failed }, 'block');
    },
  });
  await life.open(
    'market',
    () => void driven.catch((error: unknown) => life.end(error instanceof Error ? error : new Error(String(error)))),
    (): Promise<DriveSummary | undefined> => driven.catch(() => undefined),
  );
  log.info({ seed, blocksPerSecond }, 'the market trades');
});

/** Goes on where the chain stands, so that a market that is started again makes no jump. */
async function presentMarket(rpcUrl: string): Promise<{ startTimestampS: number; startPriceUsdE6: bigint }> {
  const client = localClient(rpcUrl);
  const { usdcWethPool: pool, usdc, weth } = addresses;
  const price = await readPoolPrice(client, await describePool(client, { pool, usdc, weth }));
  const { timestamp } = await client.getBlock();
  return {
    startTimestampS: Number(timestamp) + 12,
    startPriceUsdE6: volatilePriceUsdE6({ ...price, decimalsVolatile: 18 }),
  };
}
