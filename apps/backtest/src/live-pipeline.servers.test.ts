import { on } from '@rangeward/adapter-nats/bus';
import { type NatsBus, openBus } from '@rangeward/adapter-nats/open-bus';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { createInbox } from '@rangeward/adapter-redis/inbox';
import { consumers, decisionMade, type EventData, marketObserved } from '@rangeward/contracts';
import { settings as decisionConfig } from '@rangeward/decision/config';
import { start as startDecision } from '@rangeward/decision/start';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { createLogger } from '@rangeward/service/log';
import { settings as signalConfig } from '@rangeward/signal/config';
import { start as startSignal } from '@rangeward/signal/start';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ownDefaults, sampleOptions } from '../test/sample-run.ts';
import { ownStrategy } from './own-strategy.ts';
import { runStrategy } from './run-strategy.ts';
import { createSimulatedMarket } from './simulated-market.ts';

/** The two services that decide, with real servers, on what the backtest saw: they must decide what it decided. */

let nats: NatsServer;
let redisServer: RedisServer;
let redis: Redis;
const buses: NatsBus[] = [];
const services: { stop(): Promise<void> }[] = [];
const log = createLogger({ service: 'backtest', level: 'silent' });
const decisions = new Map<string, EventData<typeof decisionMade>>();
let wake = () => {};
let marketData: NatsBus;

beforeAll(async () => {
  [nats, redisServer] = await Promise.all([startNatsServer(), startRedisServer()]);
  redis = await connectRedis({ url: redisServer.url });
  const inbox = createInbox(redis);
  const open = async (service: 'signal' | 'decision' | 'market-data') => {
    const bus = await openBus({ url: nats.url, service, inbox, log });
    buses.push(bus);
    return bus;
  };
  const [signal, decision] = [await open('signal'), await open('decision')];
  marketData = await open('market-data');
  const chains = { backtest: { chainId: 31337, rpcUrl: 'http://127.0.0.1:1' } };
  const base = { log: {}, health: {}, nats: {}, redis: {}, chains };
  // Without a key nobody asks a model, as in the backtest. Each run stands alone here, so the day's limits are wide.
  const limits = { rebalancesPerDay: 20, gasUsdPerDay: 1e6, notionalUsdPerDay: 1e9 };
  services.push(
    await startSignal({ bus: signal, redis, config: signalConfig.parse(base), log, now: Date.now }),
    await startDecision({
      ...{ bus: decision, redis, log, now: Date.now },
      config: decisionConfig.parse({ ...base, decision: { limits, guard: { minTimeLeftS: 0 } } }),
    }),
  );
  const ear = { ...consumers.decisionRecommendations, service: 'market-data' as const, durable: 'test-decisions' };
  await marketData.consume({ ...ear, filter: 'lp.v1.decision-made.>' }, [
    on(decisionMade, async ({ data }) => {
      decisions.set(data.run.id, data);
      wake();
    }),
  ]);
});

afterAll(async () => {
  for (const service of services) await service.stop();
  await Promise.all(buses.map((bus) => bus.drain(1_000)));
  if (redis) await closeRedis(redis);
  await Promise.all([nats?.stop(), redisServer?.stop()]);
});

test('the services decide on what the backtest saw as the backtest did', async () => {
  const market = createSimulatedMarket({ regime: 'volatile', seed: 4, days: 0.5, warmUpS: 7200 });
  const seen: EventData<typeof marketObserved>[] = [];
  const plain = ownStrategy(ownDefaults());
  const listening = {
    ...plain,
    decide: (sight: Parameters<typeof plain.decide>[0]) => {
      seen.push(sight.observe());
      return plain.decide(sight);
    },
  };
  const { decided } = runStrategy(market, listening, sampleOptions(market, 7200));
  expect(decided.length).toBe(seen.length);
  expect(decided.length).toBeGreaterThan(10);
  for (const observed of seen) {
    // A run of the past is over; only its deadline is moved to where the services live.
    const deadline = new Date(Date.now() + 300_000).toISOString();
    await marketData.publish(
      marketObserved,
      { ...observed, run: { ...observed.run, deadline } },
      { correlationId: observed.run.id },
    );
  }
  while (decisions.size < seen.length) await new Promise<void>((resolve) => (wake = resolve));
  for (const [at, one] of decided.entries()) {
    const live = decisions.get(seen[at]?.run.id ?? '');
    const bought = ({ kind, tickLower, tickUpper, mass }: Record<string, unknown>) => ({
      kind,
      tickLower,
      tickUpper,
      mass,
    });
    expect(bought({ ...live?.range })).toEqual(bought({ ...one.view?.range }));
    expect(live?.options).toEqual(one.options);
    // The services' clock and wallet are not those of the past, and the limits of the day are met one by one.
    const timeless = (gates: readonly { readonly name: string }[]) =>
      gates.filter(
        ({ name }) => !['owner', 'time-left', 'price-age', 'rebalances-per-day', 'gas-per-day'].includes(name),
      );
    expect(timeless(live?.gates ?? [])).toEqual(timeless(one.gates));
  }
});
