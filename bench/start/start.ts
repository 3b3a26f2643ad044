import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { serviceNames } from '@rangeward/contracts';
import { type LocalChain, loadChain } from '@rangeward/localnet/chain-state';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { openPosition } from '@rangeward/localnet/open-position';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import type { Bench, BenchContext, Figure } from '../figure.ts';
import { type Opened, withOpened } from '../opened.ts';
import { median } from '../statistics.ts';
import { type Group, startTogether } from './processes.ts';

const ROUNDS = 3;
const root = fileURLToPath(new URL('../..', import.meta.url));

export const start: Bench = {
  name: 'start',
  about: 'six services as they are deployed, one process each, until all are ready; and their memory',
  run: (context) => withOpened((opened) => measureStart(opened, context)),
};

async function measureStart(opened: Opened, { say }: BenchContext): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'rangeward-bench-'));
  opened.onClose(() => rm(folder, { recursive: true, force: true }));
  await bundleInto(folder);
  const nats = await opened.add(startNatsServer());
  const redis = await opened.add(startRedisServer());
  const chain = await opened.add(loadChain());
  const configFile = join(folder, 'rangeward.yaml');
  await writeFile(configFile, JSON.stringify(await configuration(chain, nats, redis)));
  const env = {
    NODE_ENV: 'production',
    NODE_COMPILE_CACHE: join(folder, 'cache'),
    RANGEWARD_CONFIG: configFile,
    PORT: '0',
    OTEL_EXPORTER_OTLP_ENDPOINT: undefined,
  };
  const ours = serviceNames.map((name) => ({ args: ['--expose-gc', join(folder, name, 'main.mjs')], env }));
  const empty = serviceNames.map(() => ({
    args: ['--eval', `console.log('{"msg":"ready"}'); setInterval(() => {}, 2 ** 30)`],
    env: {},
  }));
  // The first start makes the streams and fills the compile cache, as building the image does.
  await measured(() => startTogether(ours));
  const [rounds, bare] = [[] as Measured[], [] as Measured[]];
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push(await measured(() => startTogether(ours)));
    bare.push(await measured(() => startTogether(empty)));
  }
  say(`memory of each, MB: ${JSON.stringify(rounds.at(-1)?.eachMb)} in the order ${serviceNames.join(', ')}`);
  return figuresOf(rounds, bare);
}

type Measured = { readonly readyS: number; readonly memoryMb: number; readonly eachMb: readonly number[] };

async function measured(begin: () => Promise<Group>): Promise<Measured> {
  const group = await begin();
  try {
    const eachMb = await group.memoryMb();
    return { readyS: group.readyMs / 1000, memoryMb: eachMb.reduce((sum, one) => sum + one, 0), eachMb };
  } finally {
    await group.stop();
  }
}

function figuresOf(rounds: readonly Measured[], bare: readonly Measured[]): readonly Figure[] {
  const of = (list: readonly Measured[], what: 'readyS' | 'memoryMb') => median(list.map((one) => one[what]));
  const name = 'six empty Node processes';
  return [
    {
      name: 'six services ready',
      unit: 's',
      ours: of(rounds, 'readyS'),
      reference: { name, value: of(bare, 'readyS') },
      goal: { of: 'value', better: 'less', reach: 1.5, stretch: 1 },
    },
    {
      name: 'memory of six services (PSS)',
      unit: 'MB',
      ours: of(rounds, 'memoryMb'),
      reference: { name, value: of(bare, 'memoryMb') },
      goal: { of: 'value', better: 'less', reach: 360, stretch: 280 },
    },
  ];
}

/** The bundles as they are deployed, away from the tree, so that nothing beside them is found by accident. */
async function bundleInto(folder: string): Promise<void> {
  await promisify(execFile)(process.execPath, ['scripts/bundle.ts', ...serviceNames], { cwd: root });
  await Promise.all(serviceNames.map((name) => cp(join(root, 'dist', name), join(folder, name), { recursive: true })));
}

async function configuration(chain: LocalChain, nats: NatsServer, redis: RedisServer): Promise<object> {
  const { tokenId } = await openPosition({
    rpcUrl: chain.rpcUrl,
    account: chain.accounts.operator,
    pool: chain.pool,
    tickLower: 196_000,
    tickUpper: 196_500,
    amount0Desired: 30_000_000_000n,
    amount1Desired: 10n * 10n ** 18n,
  });
  const pool = {
    address: chain.pool,
    token0: { symbol: 'USDC', decimals: 6 },
    token1: { symbol: 'WETH', decimals: 18 },
    stable: 'token0',
    positions: [{ id: 'main', tokenId: tokenId.toString() }],
  };
  return {
    nats: { url: nats.url },
    redis: { url: redis.url },
    chains: {
      local: { chainId: chain.chainId, rpcUrl: chain.rpcUrl, wsUrl: chain.wsUrl, pools: { 'usdc-weth-500': pool } },
    },
    executor: { wallet: chain.accounts.operator.address },
  };
}
