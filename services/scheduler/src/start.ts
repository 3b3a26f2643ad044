import { autonomyOf } from '@rangeward/adapter-evm/autonomy';
import { describeChain } from '@rangeward/adapter-evm/settings';
import type { Bus } from '@rangeward/adapter-nats/bus';
import { ignoreOthers } from '@rangeward/adapter-nats/bus';
import { firstWithRequest } from '@rangeward/adapter-redis/accepted-requests';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { readPosition } from '@rangeward/adapter-redis/position-registry';
import { createRunRecords } from '@rangeward/adapter-redis/run-records';
import { consumers, type Run } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import type { Settings } from './config.ts';
import { configuredPools } from './configured-pools.ts';
import { fireSchedule } from './fire-schedules.ts';
import { createMeasureRun } from './measure-run.ts';
import { notedDefinitions } from './note-fact.ts';
import { handleRunEvent, type Ledger } from './on-run-event.ts';
import { handleTriggers } from './on-trigger.ts';
import { watchDeadlines } from './watch-deadlines.ts';

export type Dependencies = {
  readonly bus: Bus;
  readonly redis: Redis;
  readonly config: Settings;
  readonly log: Logger;
  readonly now: () => number;
};

/** Clock and people in, runs out; and the ledger of all runs. */
export async function start({ bus, redis, config, log, now }: Dependencies): Promise<{ stop(): Promise<void> }> {
  const pools = configuredPools(config.chains, (of) => proposalTimeoutMs(config, of));
  const ledger: Ledger = {
    records: createRunRecords(redis),
    measure: createMeasureRun((of) => pools.find(({ chain, pool }) => chain === of.chain && pool === of.pool)?.alias),
  };
  const settings = { mode: config.mode, runTimeoutMs: config.scheduler.runTimeoutS * 1000 };
  const noting = (stream: string) => [
    ...notedDefinitions
      .filter((definition) => definition.stream === stream)
      .map((definition) => handleRunEvent(definition, ledger)),
    ignoreOthers,
  ];
  const triggers = handleTriggers({
    pools,
    liveTokenId: (run) => liveTokenId(redis, run),
    isFirst: async (requestId, messageId) => (await firstWithRequest(redis, requestId, messageId)) === messageId,
    settings,
    log,
    now,
  });
  const consumptions = await Promise.all([
    bus.consume(consumers.ledgerEvents, noting('LP_EVENTS')),
    bus.consume(consumers.ledgerPlans, noting('LP_PLANS')),
    bus.consume(consumers.schedulerTriggers, [triggers]),
    bus.consume(consumers.schedulerRequests, [triggers]),
  ]);
  const deadlines = watchDeadlines(ledger, bus, log, now);
  const schedules = config.scheduler.schedules.map((schedule) => fireSchedule(schedule, { bus, log, now, pools }));
  return {
    stop: async () => {
      for (const schedule of schedules) schedule.stop();
      await deadlines.stop();
      await Promise.all(consumptions.map((consumption) => consumption.stop()));
    },
  };
}

/** Where a person approves plans a run lasts until somebody has had time to. */
function proposalTimeoutMs(
  { mode, autonomy, chains, scheduler }: Settings,
  of: { chain: string; pool: string; position: string },
): number | undefined {
  const chain = chains[of.chain];
  if (mode === 'paper' || chain === undefined) return undefined;
  const { local } = describeChain(of.chain, chain);
  const level = autonomyOf({ autonomy, local, chain, pool: of.pool, position: of.position });
  return level === 'propose' ? scheduler.proposalTimeoutS * 1000 : undefined;
}

/** The configuration names the NFT to begin with; the registry knows the one that is live after it moved. */
async function liveTokenId(redis: Redis, { chain, pool, position }: Run): Promise<bigint | null> {
  const live = await readPosition(redis, { chain, pool, id: position });
  return live?.tokenId ?? null;
}
