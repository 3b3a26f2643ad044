import { type NatsBus, openBus } from '@rangeward/adapter-nats/open-bus';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { createInbox } from '@rangeward/adapter-redis/inbox';
import { type DomainEvent, decodeEvent, type EventDefinition, type Run } from '@rangeward/contracts';
import { operator } from '@rangeward/localnet/accounts';
import { type LocalChain, loadChain } from '@rangeward/localnet/chain-state';
import { driveMarket } from '@rangeward/localnet/drive-market';
import { type LocalClient, localClient } from '@rangeward/localnet/local-client';
import type { MarketSwap } from '@rangeward/localnet/market-block';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { openPosition } from '@rangeward/localnet/open-position';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { createLogger } from '@rangeward/service/log';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';
import type { z } from 'zod';
import { type Settings, settings } from '../src/config.ts';
import { type MarketData, start } from '../src/start.ts';

/** What tests of this service stand on: real servers, the real contracts, one managed position, the service itself. */
export type LocalWorld = {
  readonly chain: LocalChain;
  readonly client: LocalClient;
  readonly redis: Redis;
  readonly bus: NatsBus;
  readonly pool: `0x${string}`;
  readonly position: { readonly tokenId: bigint; readonly tickLower: number; readonly tickUpper: number };
  config(marketData?: object): Settings;
  startService(config?: Settings): Promise<MarketData>;
  /** Mines one block whose swaps end at this tick; answers the block's number. */
  tradeTo(tick: number): Promise<number>;
  trade(swaps: readonly MarketSwap[]): Promise<number>;
  /** All events of a kind said so far that pass, once there are as many; then or when more come, never fewer. */
  heard<Schema extends z.ZodType>(
    definition: EventDefinition<Schema>,
    atLeast: number,
    passes?: (data: z.output<Schema>) => boolean,
  ): Promise<DomainEvent<z.output<Schema>>[]>;
  run(overrides?: Partial<Run>): Run;
  close(): Promise<void>;
};

export async function openLocalWorld(): Promise<LocalWorld> {
  const servers = await Promise.all([startNatsServer(), startRedisServer(), loadChain()]);
  const [nats, redisServer, chain] = servers;
  const redis = await connectRedis({ url: redisServer.url });
  const log = createLogger({ service: 'market-data', level: 'silent' });
  const bus = await openBus({ url: nats.url, service: 'market-data', inbox: createInbox(redis), log });
  const tap = tapBus(bus);
  const client = localClient(chain.rpcUrl);
  const position = await openManaged(chain);
  // The mainnet address in lower case is still an address.
  const pool = chain.pool.toLowerCase() as `0x${string}`;
  const running: MarketData[] = [];
  const trade = async (swaps: readonly MarketSwap[]) => {
    let block = 0;
    await driveMarket({
      rpcUrl: chain.rpcUrl,
      source: [{ timestampS: 1, swaps }],
      blocksPerSecond: Number.POSITIVE_INFINITY,
      onBlock: ({ blockNumber }) => {
        block = Number(blockNumber);
      },
    });
    return block;
  };
  const config = (marketData: object = {}) => configOf({ nats, redisServer, chain, position, marketData });
  return {
    ...{ chain, client, redis, bus, pool, position, config, trade },
    async startService(given = config()) {
      const service = await start({ bus, redis, config: given, log, now: Date.now });
      running.push(service);
      return service;
    },
    tradeTo: (tick) => trade([{ kind: 'to-price', sqrtPriceX96: getSqrtRatioAtTick(tick) }]),
    heard: tap.heard,
    run: (overrides) => ({ ...sampleRun(pool, position.tokenId), ...overrides }),
    async close() {
      await Promise.all(running.map((service) => service.stop()));
      await bus.drain();
      await closeRedis(redis);
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

/** Five hundred ticks around the first price, 196256. */
async function openManaged(chain: LocalChain) {
  const [tickLower, tickUpper] = [196_000, 196_500];
  const { tokenId } = await openPosition({
    rpcUrl: chain.rpcUrl,
    account: operator,
    pool: chain.pool,
    tickLower,
    tickUpper,
    amount0Desired: 30_000_000_000n,
    amount1Desired: 10n * 10n ** 18n,
  });
  return { tokenId, tickLower, tickUpper };
}

type ConfigParts = {
  readonly nats: NatsServer;
  readonly redisServer: RedisServer;
  readonly chain: LocalChain;
  readonly position: { readonly tokenId: bigint };
  readonly marketData: object;
};

function configOf({ nats, redisServer, chain, position, marketData }: ConfigParts): Settings {
  const pool = {
    address: chain.pool,
    token0: { symbol: 'USDC', decimals: 6 },
    token1: { symbol: 'WETH', decimals: 18 },
    stable: 'token0',
    positions: [{ id: 'main', tokenId: position.tokenId.toString() }],
  };
  const { rpcUrl, wsUrl, chainId } = chain;
  return settings.parse({
    log: { level: 'silent' },
    health: {},
    nats: { url: nats.url },
    redis: { url: redisServer.url },
    chains: { local: { chainId, rpcUrl, wsUrl, pollMs: 50, pools: { 'usdc-weth': pool } } },
    marketData,
  });
}

/** Every message of ours that passes the broker, as a plain subscriber hears it. */
function tapBus(bus: NatsBus): Pick<LocalWorld, 'heard'> {
  const messages: { subject: string; headers: Record<string, string>; body: Uint8Array }[] = [];
  const waiting = new Set<() => void>();
  const listen = async () => {
    for await (const message of bus.broker.nc.subscribe('lp.v1.>')) {
      const headers = Object.fromEntries(
        (message.headers?.keys() ?? []).map((key) => [key, message.headers?.get(key) ?? '']),
      );
      messages.push({ subject: message.subject, headers, body: message.data });
      for (const check of waiting) check();
    }
  };
  void listen();
  return {
    heard(definition, atLeast, passes = () => true) {
      const found = () =>
        messages
          .filter(({ subject }) => subject.startsWith(`lp.v1.${definition.name}.`))
          .map((message) => decodeEvent(definition, message))
          .filter(({ data }) => passes(data));
      return new Promise((resolve) => {
        const check = () => {
          const events = found();
          if (events.length < atLeast) return;
          waiting.delete(check);
          resolve(events);
        };
        waiting.add(check);
        check();
      });
    },
  };
}

let runs = 0;
function sampleRun(pool: string, tokenId: bigint): Run {
  runs += 1;
  return {
    id: runs.toString(16).padStart(32, '0'),
    trigger: 'manual',
    chain: 'local',
    pool,
    position: 'main',
    tokenId,
    mode: 'paper',
    startedAt: new Date().toISOString(),
    deadline: new Date(Date.now() + 300_000).toISOString(),
  };
}
