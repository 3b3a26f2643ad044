import { setTimeout as pause } from 'node:timers/promises';
import { listDeadLetters } from '@rangeward/adapter-nats/dead-letters';
import { readEvents } from '@rangeward/adapter-nats/read-events';
import { rebalancePlanned, runCompleted, runStarted, serviceNames, tradeExecuted } from '@rangeward/contracts';
import { stepNumbers } from '@rangeward/executor/step-facts';
import { type ChaosWorld, openChaosWorld } from './chaos-world.ts';
import type { Violation } from './judge.ts';
import { movePrice, openNarrow, pool } from './managed-position.ts';
import { randomFrom } from './random.ts';
import { walletTransactions } from './read-facts.ts';
import { until } from './until.ts';

export type StormResult = {
  readonly violations: readonly Violation[];
  readonly triggers: number;
  readonly runs: number;
  readonly completed: number;
  readonly failed: number;
  readonly plans: number;
  readonly trades: Readonly<Record<string, number>>;
  /** How often each decision was made. */
  readonly decisions: Readonly<Record<string, number>>;
  readonly kills: Readonly<Record<string, number>>;
  readonly tookMs: number;
};

/** Moves whenever the price has left the range: what is asked here is not whether it is worth it. */
const eager = {
  value: { lvrWeight: 0, minYearlyGainUsd: 0, minApyImprovementBps: 0, maxBreakEvenDays: 36_500, maxCostBps: 10_000 },
  limits: { rebalancesPerDay: 20, gasUsdPerDay: 10_000, notionalUsdPerDay: 1_000_000_000 },
  guard: { maxTwapDeviationTicks: 2_000 },
};

/** All six services as processes, people who ask for runs, and one service or the broker killed every other moment. */
export async function runTriggerStorm(options: {
  readonly triggers: number;
  readonly everyMs?: number;
  readonly keep?: boolean;
}): Promise<StormResult> {
  const startedMs = performance.now();
  let tokenId = 0n;
  const world = await openChaosWorld({
    confirmations: 1,
    blockMs: 250,
    services: serviceNames,
    keep: options.keep ?? false,
    prepare: async (hands) => {
      tokenId = await openNarrow(hands);
    },
    settings: (base, chain) => {
      const { local } = base.chains;
      const positions = [{ id: 'main', tokenId: String(tokenId) }];
      const managed = { ...local, wsUrl: chain.wsUrl, pools: { main: { ...local.pools.main, positions } } };
      return {
        ...base,
        chains: { local: managed },
        scheduler: { schedules: [], runTimeoutS: 120 },
        signal: { horizonS: 900 },
        decision: eager,
        // Errors are what this is about; the breaker has tests of its own.
        alerts: { breaker: { threshold: 1_000_000 } },
      };
    },
  });
  try {
    const kills = new Map<string, number>();
    const storm = { on: true };
    const killing = killAround(world, storm, kills);
    const moving = moveMarket(world, storm);
    for (let number = 1; number <= options.triggers; number++) {
      await askForRun(world, number);
      await pause(options.everyMs ?? 100);
    }
    storm.on = false;
    await Promise.all([killing, moving]);
    // A run that lost its way is closed as failed at its deadline.
    await until(
      async () => (await readOutcome(world)).open === 0 && (await readOutcome(world)).asked >= options.triggers,
      180_000,
      2_000,
    );
    return {
      ...(await judgeStorm(world, options.triggers)),
      triggers: options.triggers,
      kills: Object.fromEntries(kills),
      tookMs: performance.now() - startedMs,
    };
  } finally {
    await world.close();
  }
}

/** As another tool would: a message with an id, said again until the broker has it. */
async function askForRun(world: ChaosWorld, number: number): Promise<void> {
  const body = { reason: `storm ${number}`, requestedBy: 'chaos', correlation_id: `storm-${number}` };
  await world.bus.broker.publisher.publish({
    subject: `lp.v1.trigger.manual.local.${pool}`,
    headers: { 'Nats-Msg-Id': `storm-${number}` },
    body: new TextEncoder().encode(JSON.stringify(body)),
  });
}

async function killAround(world: ChaosWorld, storm: { on: boolean }, kills: Map<string, number>): Promise<void> {
  const random = randomFrom(11);
  while (storm.on) {
    await pause(random.between(500, 3_000));
    const victim = random.pick([...world.services.map(({ name }) => name), 'broker']);
    kills.set(victim, (kills.get(victim) ?? 0) + 1);
    if (victim !== 'broker') {
      const service = world.services.find(({ name }) => name === victim);
      await service?.ready();
      service?.kill();
      continue;
    }
    world.nats.kill('SIGKILL');
    await world.nats.exited();
    await world.nats.restart();
  }
}

/** The price leaves the range now and then, so that some of the runs move the position. */
async function moveMarket(world: ChaosWorld, storm: { on: boolean }): Promise<void> {
  for (let move = 1; storm.on; move++) {
    await movePrice(world, 196_250 + (move % 2 === 0 ? 1 : -1) * 140 * (1 + (move % 3))).catch(() => {});
    for (let second = 0; second < 8 && storm.on; second++) await pause(1_000);
  }
}

const place = { chain: 'local', pool };

async function readOutcome(world: ChaosWorld) {
  const { broker } = world.bus;
  const [started, completed] = await Promise.all([
    readEvents(broker, runStarted, place),
    readEvents(broker, runCompleted, place),
  ]);
  const over = new Set(completed.map(({ data }) => data.result.runId));
  const asked = new Set(started.map(({ data }) => data.requestCorrelationId).filter((id) => id?.startsWith('storm-')));
  return { started, completed, asked: asked.size, open: started.filter(({ data }) => !over.has(data.run.id)).length };
}

async function judgeStorm(world: ChaosWorld, triggers: number) {
  const { broker } = world.bus;
  const { started, completed } = await readOutcome(world);
  const [plans, trades, letters] = await Promise.all([
    readEvents(broker, rebalancePlanned, place),
    readEvents(broker, tradeExecuted, place),
    listDeadLetters(broker, { limit: 10_000 }),
  ]);
  const transactions = await walletTransactions(world, world.firstBlock);
  const violations: Violation[] = [];
  const wrong = (id: string, text: string) => void violations.push({ id, text });
  for (let number = 1; number <= triggers; number++) {
    const runs = started.filter(({ data }) => data.requestCorrelationId === `storm-${number}`);
    if (runs.length !== 1) wrong('lost', `trigger ${number} has ${runs.length} runs`);
    const ends = completed.filter(({ data }) => runs.some((run) => run.data.run.id === data.result.runId));
    if (runs.length > 0 && ends.length !== 1) wrong('lost', `the run of trigger ${number} has ${ends.length} ends`);
  }
  for (const { data: plan } of plans) {
    const ends = trades.filter(({ data }) => data.planId === plan.planId);
    const given = letters.filter(({ subject }) => subject.endsWith(plan.planId));
    if (ends.length !== 1 && given.length !== 1)
      wrong('I3', `plan ${plan.planId.slice(0, 8)} has ${ends.length} trades`);
    const mints = transactions.filter(
      ({ marker, succeeded }) => succeeded && marker?.planId === plan.planId && marker.step === stepNumbers.mint,
    );
    if (mints.length > 1) wrong('I1', `plan ${plan.planId.slice(0, 8)} minted ${mints.length} times`);
  }
  for (const line of world.services.flatMap(({ broken }) => broken)) wrong('broken', line.slice(0, 300));
  const decisions: Record<string, number> = {};
  for (const { data } of completed) {
    const decision = data.result.decision ?? 'none';
    decisions[decision] = (decisions[decision] ?? 0) + 1;
  }
  const outcomes: Record<string, number> = {};
  for (const { data } of trades) outcomes[data.outcome] = (outcomes[data.outcome] ?? 0) + 1;
  const failed = completed.filter(({ data }) => data.result.status === 'failed').length;
  return {
    violations,
    runs: started.length,
    completed: completed.length,
    failed,
    plans: plans.length,
    trades: outcomes,
    decisions,
  };
}
