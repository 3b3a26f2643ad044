import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AckPolicy, DeliverPolicy, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type LocalChain, loadChain } from '@rangeward/localnet/chain-state';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { openPosition } from '@rangeward/localnet/open-position';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { startChild } from '../child.ts';
import type { Bench, BenchContext, Figure } from '../figure.ts';
import { type Opened, withOpened } from '../opened.ts';
import { quantile } from '../statistics.ts';
import { createPriceMover, type PriceMover } from './move-price.ts';

const SAMPLES = 60;
const WARM = 10;
/** The prepared chain begins at this tick; the position lies around it. */
const CENTER = 196_256;
const range = { tickLower: 196_200, tickUpper: 196_300 };
const OUTSIDE = 196_360;

export const breach: Bench = {
  name: 'breach',
  about: 'a block is mined that takes the price out of a range, until JetStream has the breach',
  run: (context) => withOpened((opened) => measureBreach(opened, context)),
};

/** A chain of its own for each listener, so that none works while the other is measured. */
async function measureBreach(opened: Opened, { say }: BenchContext): Promise<readonly Figure[]> {
  const nats = await opened.add(startNatsServer());
  const redis = await opened.add(startRedisServer());
  const nc = await connect({ servers: nats.url, noAsyncTraces: true });
  opened.onClose(() => nc.close());
  const ours = await openOurListener(opened, nats, redis);
  const raw = await openRawListener(opened, nats, nc);
  const heardOurs = await hearStored(nc, 'LP_TRIGGERS', 'lp.v1.trigger.price-breach.>');
  const heardRaw = await hearStored(nc, 'RAW_BREACH', 'raw.breach');
  const settledOurs = await hearStored(nc, 'LP_TICKS', 'lp.v1.tick.>');
  const oursMs: number[] = [];
  const rawMs: number[] = [];
  for (let sample = 0; sample < WARM + SAMPLES; sample += 1) {
    const kept = sample >= WARM;
    const ourMs = await outAndBack(ours, heardOurs, settledOurs);
    const bareMs = await outAndBack(raw, heardRaw, heardRaw);
    if (!kept) continue;
    oursMs.push(ourMs);
    rawMs.push(bareMs);
  }
  const [best, late] = [quantile(oursMs, 0.1), quantile(oursMs, 0.9)];
  say(`ours p10 ${best.toFixed(1)} ms, p90 ${late.toFixed(1)} ms; raw p90 ${quantile(rawMs, 0.9).toFixed(1)} ms`);
  return [
    {
      name: 'block mined to breach stored, p50',
      unit: 'ms',
      ours: quantile(oursMs, 0.5),
      reference: { name: 'raw WebSocket log, one publish', value: quantile(rawMs, 0.5) },
      goal: { of: 'ratio', better: 'less', reach: 1.5, stretch: 1.2 },
    },
  ];
}

/** Milliseconds from asking for the block until the event is delivered from its stream; then the price goes back. */
async function outAndBack(mover: PriceMover, heard: Ear, settled: Ear): Promise<number> {
  await mover.prepare(OUTSIDE);
  const ticked = settled.next();
  const event = heard === settled ? ticked : heard.next();
  const minedMs = performance.now();
  const mined = mover.mine();
  await event;
  const tookMs = performance.now() - minedMs;
  await Promise.all([mined, ticked]);
  await mover.prepare(CENTER);
  const back = settled.next();
  await mover.mine();
  await back;
  return tookMs;
}

async function openOurListener(opened: Opened, nats: NatsServer, redis: RedisServer): Promise<PriceMover> {
  const chain = await opened.add(loadChain());
  const { tokenId } = await openPosition({
    rpcUrl: chain.rpcUrl,
    account: chain.accounts.operator,
    pool: chain.pool,
    ...range,
    amount0Desired: 30_000_000_000n,
    amount1Desired: 10n * 10n ** 18n,
  });
  const folder = await mkdtemp(join(tmpdir(), 'rangeward-bench-'));
  opened.onClose(() => rm(folder, { recursive: true, force: true }));
  const configFile = join(folder, 'rangeward.yaml');
  await writeFile(configFile, JSON.stringify(configuration(chain, nats, redis, tokenId)));
  const mover = await createPriceMover(chain);
  const logFile = join(folder, 'market-data.log');
  await opened.add(startChild('./market-data-process.ts', import.meta.url, { task: { configFile }, logFile }));
  return mover;
}

async function openRawListener(opened: Opened, nats: NatsServer, nc: NatsConnection): Promise<PriceMover> {
  const chain = await opened.add(loadChain());
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  await jsm.streams.add({ name: 'RAW_BREACH', subjects: ['raw.breach'], storage: 'file' });
  const mover = await createPriceMover(chain);
  const task = { natsUrl: nats.url, wsUrl: chain.wsUrl, pool: chain.pool };
  await opened.add(startChild('./raw-listener.ts', import.meta.url, { task }));
  return mover;
}

type Ear = { next(): Promise<void> };

/** Hears messages as their stream delivers them, which is after it has stored them. */
async function hearStored(nc: NatsConnection, stream: string, filter: string): Promise<Ear> {
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  const durable_name = 'bench-ear';
  await jsm.consumers.add(stream, {
    durable_name,
    filter_subject: filter,
    deliver_policy: DeliverPolicy.New,
    ack_policy: AckPolicy.None,
  });
  const consumer = await jsm.jetstream().consumers.get(stream, durable_name);
  let wake = () => {};
  await consumer.consume({ callback: () => wake() });
  await nc.flush();
  return {
    next: () =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`nothing came on ${filter} within 10 s`)), 10_000);
        wake = () => {
          clearTimeout(late);
          resolve();
        };
      }),
  };
}

function configuration(chain: LocalChain, nats: NatsServer, redis: RedisServer, tokenId: bigint): object {
  return {
    nats: { url: nats.url },
    redis: { url: redis.url },
    chains: {
      local: {
        chainId: chain.chainId,
        rpcUrl: chain.rpcUrl,
        wsUrl: chain.wsUrl,
        pools: {
          'usdc-weth-500': {
            address: chain.pool,
            token0: { symbol: 'USDC', decimals: 6 },
            token1: { symbol: 'WETH', decimals: 18 },
            stable: 'token0',
            positions: [{ id: 'main', tokenId: tokenId.toString() }],
          },
        },
      },
    },
  };
}
