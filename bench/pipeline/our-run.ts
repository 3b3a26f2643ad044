import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { closeRedis, connectRedis } from '@rangeward/adapter-redis/connect';
import { adoptPosition } from '@rangeward/adapter-redis/position-registry';
import { serviceNames } from '@rangeward/contracts';
import type { NatsServer } from '@rangeward/localnet/nats-server';
import type { RedisServer } from '@rangeward/localnet/redis-server';
import { startChild } from '../child.ts';
import type { Opened } from '../opened.ts';
import { median } from '../statistics.ts';
import { type Line, natsLine } from './drive.ts';
import { FIRST_TOKEN_ID, place, wallet } from './memory-market.ts';
import { type RunMessage, type RunSizes, runMessages } from './raw-chain.ts';
import type { ServiceTask } from './run-service-process.ts';

export type OurRun = { readonly line: Line; readonly nc: NatsConnection; readonly pids: readonly number[] };

export type OurRunOptions = {
  readonly nats: NatsServer;
  readonly redis: RedisServer;
  readonly folder: string;
  readonly positions: number;
  /** How much of the past each run reads and sends along: candles of five minutes. */
  readonly lookbackS: number;
  /** All six in one process, as a local installation runs them, instead of a process each. */
  readonly together?: boolean;
  /** OTLP endpoint; telemetry is off without. */
  readonly otlp?: string;
};

/** Our six services, a process each, with everything but the chain. */
export async function startOurRun(opened: Opened, options: OurRunOptions): Promise<OurRun> {
  const { nats, folder, positions } = options;
  const configFile = join(folder, 'rangeward.yaml');
  // YAML reads JSON.
  await writeFile(configFile, JSON.stringify(configuration(options)));
  await adoptPositions(options);
  const pids: number[] = [];
  const groups = options.together === true ? [serviceNames] : serviceNames.map((name) => [name]);
  for (const names of groups) {
    const task: ServiceTask = { names, configFile };
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: options.otlp };
    const logFile = join(folder, `${names.join('+')}.log`);
    const child = startChild('./run-service-process.ts', import.meta.url, { task, env, logFile });
    pids.push((await opened.add(child)).pid);
  }
  const nc = await connect({ servers: nats.url, noAsyncTraces: true });
  opened.onClose(() => nc.close());
  const { chain, pool } = place;
  const bodies = Array.from({ length: positions }, (_, slot) => Buffer.from(JSON.stringify({ position: `p${slot}` })));
  const line = natsLine(nc, {
    begin: (slot) => ({ subject: `lp.v1.trigger.manual.${chain}.${pool}`, body: bodies[slot] ?? new Uint8Array() }),
    answered: 'lp.v1.trade-executed.>',
    over: 'lp.v1.run-completed.>',
    slotOf,
  });
  return { line, nc, pids };
}

const POSITION = /"position":"p(\d+)"/;

function slotOf(body: Uint8Array): number {
  const [, slot] =
    POSITION.exec(Buffer.from(body.buffer, body.byteOffset, Math.min(600, body.length)).toString()) ?? [];
  if (slot === undefined) throw new Error('a message of a run that names no position of the bench');
  return Number(slot);
}

function configuration({ nats, redis, positions, lookbackS }: OurRunOptions): object {
  return {
    mode: 'paper',
    nats: { url: nats.url },
    redis: { url: redis.url },
    chains: {
      [place.chain]: {
        chainId: 31_337,
        // Nobody listens there, and nobody asks.
        rpcUrl: 'http://127.0.0.1:9',
        pools: {
          'usdc-weth-500': {
            address: place.pool,
            token0: { symbol: 'USDC', decimals: 6 },
            token1: { symbol: 'WETH', decimals: 18 },
            stable: 'token0',
            positions: Array.from({ length: positions }, (_, slot) => ({
              id: `p${slot}`,
              tokenId: String(FIRST_TOKEN_ID + BigInt(slot)),
            })),
          },
        },
      },
    },
    scheduler: { schedules: [] },
    marketData: { lookbackS },
    decision: { limits: { gasUsdPerDay: 1e9 } },
    executor: { wallet },
  };
}

async function adoptPositions({ redis, positions }: OurRunOptions): Promise<void> {
  const client = await connectRedis({ url: redis.url });
  await Promise.all(
    Array.from({ length: positions }, (_, slot) =>
      adoptPosition(
        client,
        { ...place, id: `p${slot}` },
        { tokenId: FIRST_TOKEN_ID + BigInt(slot), entry: { amount0: 0n, amount1: 10n ** 18n } },
      ),
    ),
  );
  await closeRedis(client);
}

/** Does one run and weighs its messages; fails, and says where it came to, when it does not end in a trade. */
export async function weighMessages({ line, nc }: OurRun): Promise<RunSizes> {
  const sizes = new Map<string, number>();
  const { promise: over, resolve } = Promise.withResolvers<void>();
  let trouble = '';
  const subscription = nc.subscribe('lp.v1.>', {
    callback: (_, message) => {
      const name = message.subject.split('.')[2] ?? '';
      sizes.set(name, message.data.length);
      if (name === 'error-notification') trouble = `; ${message.string()}`;
      if (name === 'run-completed' || name === 'dlq') resolve();
    },
  });
  await nc.flush();
  line.onMilestone(() => {});
  line.begin(0);
  const timer = setTimeout(resolve, 15_000);
  await over;
  clearTimeout(timer);
  subscription.unsubscribe();
  const missing = runMessages.filter((name) => !sizes.has(name));
  if (missing.length > 0)
    throw new Error(`a run ended without ${missing.join(', ')}; heard ${[...sizes.keys()]}${trouble}`);
  const weighed = runMessages.map((name): [RunMessage, number] => [name, sizes.get(name) ?? 0]);
  // Every name of runMessages is there.
  return Object.fromEntries(weighed) as RunSizes;
}

/** Median milliseconds from the trigger to each message of a run, one run at a time: where the time goes. */
export async function timeMessages({ line, nc }: OurRun, samples: number): Promise<Record<string, number>> {
  const heard = new Map<string, number[]>();
  let begunMs = 0;
  let resolve = () => {};
  const subscription = nc.subscribe('lp.v1.>', {
    callback: (_, message) => {
      const name = message.subject.split('.')[2] ?? '';
      heard.set(name, [...(heard.get(name) ?? []), performance.now() - begunMs]);
      if (name === 'run-completed') resolve();
    },
  });
  await nc.flush();
  line.onMilestone(() => {});
  for (let count = 0; count < samples; count += 1) {
    const over = new Promise<void>((done) => {
      resolve = done;
    });
    begunMs = performance.now();
    line.begin(count % 16);
    await over;
  }
  subscription.unsubscribe();
  return Object.fromEntries([...heard].map(([name, timesMs]) => [name, Number(median(timesMs).toFixed(2))]));
}
