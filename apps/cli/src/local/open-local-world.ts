import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSigningKey } from '@rangeward/adapter-nats/signing';
import { type LocalChain, loadChain } from '@rangeward/localnet/chain-state';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { openAroundPrice } from '@rangeward/localnet/open-around-price';
import type { OpenedPosition } from '@rangeward/localnet/open-position';
import { revokeApprovals } from '@rangeward/localnet/open-position';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import type { Life } from '@rangeward/service/life';
import { stringify } from 'yaml';
import type { MarketSource } from './market-source.ts';

/** Everything outside the services, as real processes in one folder: broker, state, chain, and a position to manage. */
export type LocalWorld = {
  readonly folder: string;
  readonly configFile: string;
  readonly nats: NatsServer;
  readonly redis: RedisServer;
  readonly chain: LocalChain;
  readonly position: OpenedPosition & { readonly tickLower: number; readonly tickUpper: number };
};

export type LocalWorldOptions = {
  readonly folder: string;
  readonly cacheDir: string;
  readonly market: MarketSource;
  /** Written to disk before each acknowledgement, as for real money; off in tests that measure something else. */
  readonly durable: boolean;
  /** Half the width of the first range, in ticks: about as many hundredths of a percent. */
  readonly halfWidthTicks?: number;
  /** Brings the pool to where the market begins, before the position is opened. */
  readonly beforePosition?: (chain: LocalChain) => Promise<void>;
  /** Sections of the configuration that differ from the defaults. */
  readonly settings?: Record<string, unknown>;
  readonly onProgress?: (text: string) => void;
};

const USDC = 60_000_000_000n;
const WETH = 20n * 10n ** 18n;

/** Opens it all; the life closes what was opened, last first. */
export async function openLocalWorld(life: Life, options: LocalWorldOptions): Promise<LocalWorld> {
  const say = options.onProgress ?? (() => {});
  const { folder, durable } = options;
  // Opened first and so removed last, when nothing writes there any more; also when a later part does not open.
  await life.open(
    'folder',
    () => mkdir(folder, { recursive: true }),
    () => rm(folder, { recursive: true, force: true }),
  );
  const [nats, redis, chain] = await Promise.all([
    life.open('nats-server', () => startNatsServer({ dir: join(folder, 'nats'), syncAlways: durable }), stop),
    life.open(
      'redis-server',
      () => startRedisServer({ dir: join(folder, 'redis'), appendfsync: durable ? 'always' : 'everysec' }),
      stop,
    ),
    life.open('local chain', () => openChain(options), stop, { openWithinMs: 120_000 }),
  ]);
  say(`nats-server ${nats.version}, redis-server ${redis.version} and a chain with the real Uniswap V3 are up`);
  await options.beforePosition?.(chain);
  const position = await openAroundPrice({
    rpcUrl: chain.rpcUrl,
    account: chain.accounts.operator,
    halfWidthTicks: options.halfWidthTicks ?? 80,
    amount0Desired: USDC,
    amount1Desired: WETH,
  });
  await revokeApprovals(chain.rpcUrl, chain.accounts.operator);
  const configFile = join(folder, 'rangeward.yaml');
  const signing = await makeSigningKeys(join(folder, 'keys'));
  const settings = {
    ...localSettings({ nats, redis, chain, signing, tokenId: position.tokenId }),
    ...options.settings,
  };
  await writeFile(configFile, stringify(settings));
  return { folder, configFile, nats, redis, chain, position };
}

type LocalSigning = { readonly keyFolder: string; readonly trusted: Readonly<Record<string, readonly string[]>> };

/** Pairs of this world alone, so that signatures are made and checked here as they are for real money. */
async function makeSigningKeys(keyFolder: string): Promise<LocalSigning> {
  await mkdir(keyFolder, { recursive: true, mode: 0o700 });
  const trusted: Record<string, readonly string[]> = {};
  for (const name of ['decision', 'operator']) {
    const { privateKeyPem, publicKey } = createSigningKey();
    await writeFile(join(keyFolder, `${name}.key`), privateKeyPem, { mode: 0o400 });
    trusted[name] = [publicKey];
  }
  return { keyFolder, trusted };
}

const stop = (server: { stop(): Promise<void> }) => server.stop();

function openChain({ cacheDir, market, folder }: LocalWorldOptions): Promise<LocalChain> {
  return loadChain({ cacheDir, variant: market.variant, beforeDump: market.tradeHistory, dir: join(folder, 'chain') });
}

/**
 * The configuration of the local world. It trades live, because nothing on this chain is worth anything; the key is one
 * of the development keys that everybody knows.
 */
function localSettings(world: {
  nats: NatsServer;
  redis: RedisServer;
  chain: LocalChain;
  signing: LocalSigning;
  tokenId: bigint;
}): Record<string, unknown> {
  const { chain } = world;
  return {
    mode: 'live',
    nats: { url: world.nats.url, signing: world.signing },
    redis: { url: world.redis.url },
    chains: {
      local: {
        chainId: chain.chainId,
        rpcUrl: chain.rpcUrl,
        wsUrl: chain.wsUrl,
        confirmations: 1,
        gasThresholdGwei: 0.5,
        pools: {
          'usdc-weth-500': {
            address: chain.pool,
            token0: { symbol: 'USDC', decimals: 6 },
            token1: { symbol: 'WETH', decimals: 18 },
            stable: 'token0',
            positions: [{ id: 'main', tokenId: world.tokenId.toString() }],
          },
        },
      },
    },
    // A quarter of an hour ahead instead of an hour: ranges are narrower, and a minute here shows several moves.
    signal: { horizonS: 900 },
    // This market is restless on purpose and takes more than its fees pay, so a careful decision would mostly hold.
    decision: { value: { lvrWeight: 0 } },
    executor: { privateKey: chain.accounts.operator.privateKey },
  };
}
