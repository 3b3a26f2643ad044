import { setTimeout as pause } from 'node:timers/promises';
import { type Plan, rebalancePlanned } from '@rangeward/contracts';
import { type ChaosWorld, openChaosWorld } from './chaos-world.ts';
import { type Fault, faults } from './faults.ts';
import type { Violation } from './judge.ts';
import { judgeWithin } from './judge-within.ts';
import { manage, movePrice, openNarrow } from './managed-position.ts';
import { type PlanWish, planNow } from './plan-now.ts';
import { type Random, randomFrom } from './random.ts';
import { endOf, readBaseline, readFacts, unsettledPlans } from './read-facts.ts';
import type { SupervisedService } from './supervised-service.ts';
import { until } from './until.ts';

export type SeedResult = {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** How the plans ended, in order. */
  readonly outcomes: readonly string[];
  /** Names of the faults of this seed, and how often one struck. */
  readonly mix: readonly string[];
  readonly strikes: number;
  /** From the end of the faults to the end of the last plan. */
  readonly resumedMs: number;
  readonly folder: string;
};

const confirmations = 4;
const faultsForMs = 6_000;
/** I9: lease, ack wait, the longest pause between two tries and a whole plan at four blocks a step. */
const resumeWithinMs = 45_000;
const rightWithinMs = 15_000;
/** What was reserved is lost with Redis; the executor counts the day's budget as spent then, which is not what was told. */
export const notAfterAFlush = ['I4'];

/** One seed: a world of its own, a mix of faults of its own, some plans; everything that is decided is decided by the seed. */
export async function runSeed(
  seed: number,
  options: {
    readonly bug?: string | undefined;
    readonly keep?: boolean;
    readonly only?: readonly string[] | undefined;
  } = {},
): Promise<SeedResult> {
  const random = randomFrom(seed);
  const known = faults.filter(({ name }) => options.only?.includes(name) ?? true);
  const mix = pickSome(known, random.between(2, 6), random);
  const boundaryFaults = random.chance(0.6) ? random.between(1, 4) : 0;
  let inFlight = false;
  let left = boundaryFaults;
  /** Some processes end or freeze exactly between two effects, where it hurts. */
  const onBoundary = async (service: SupervisedService) => {
    if (!inFlight || left === 0 || !random.chance(0.06)) return;
    left--;
    if (random.chance(0.5)) {
      service.kill();
      return new Promise<void>(() => {});
    }
    service.freeze();
    await pause(random.between(500, 3_000));
    service.wake();
  };
  const tokenIds: bigint[] = [];
  const world = await openChaosWorld({
    confirmations,
    services: ['executor', 'executor'],
    bug: options.bug,
    keep: options.keep ?? false,
    onBoundary,
    prepare: async (hands) => {
      tokenIds.push(await openNarrow(hands));
    },
  });
  try {
    const position = await manage(world, 'p1', tokenIds[0] ?? 0n);
    const side = random.chance(0.5) ? 150 : -150;
    await movePrice(world, 196_250 + side);
    // What was set up lies deeper than any reorganisation.
    await world.client.mine({ blocks: 8 });
    const before = await readBaseline(world, [position.tokenId]);
    const plans: Plan[] = [];
    for (const kind of wishes(random)) plans.push(await planNow(world, position, { kind, runId: random.hex(32) }));
    inFlight = true;
    for (const plan of plans) await world.bus.publish(rebalancePlanned, plan, { correlationId: plan.run.id });
    // Some seeds go on when all is over: what is done must stay done.
    const lingers = random.chance(0.3);
    const over = () => (lingers ? Promise.resolve(false) : allOver(world, plans));
    const strikes = await strikeFor(faultsForMs, { world, plans, confirmations }, { mix, random, over });
    inFlight = false;
    const calmMs = performance.now();
    const ended = await until(() => allOver(world, plans), resumeWithinMs, 50);
    const resumedMs = performance.now() - calmMs;
    await Promise.all(world.services.map((service) => service.idle()));
    const { facts, violations } = await judgeWithin(
      rightWithinMs,
      () => readFacts(world, before, plans),
      mix.some(({ name }) => name === 'redis-flush') ? notAfterAFlush : [],
    );
    if (!ended) violations.push({ id: 'I9', text: `not over ${resumeWithinMs / 1000} s after the last fault` });
    const outcomes = facts.plans.map(({ plan, trade }) => `${plan.kind} ${trade?.outcome ?? 'dead'}`);
    return { seed, violations, outcomes, mix: mix.map(({ name }) => name), strikes, resumedMs, folder: world.folder };
  } finally {
    await world.close();
  }
}

async function allOver(world: ChaosWorld, plans: readonly Plan[]): Promise<boolean> {
  const ends = await Promise.all(plans.map((plan) => endOf(world, plan)));
  return !ends.includes(null) && (await unsettledPlans(world)) === 0;
}

/** Mostly one rebalance; sometimes two plans for one NFT, of which the second must find that it came too late. */
function wishes(random: Random): PlanWish['kind'][] {
  const kinds = ['rebalance', 'rebalance', 'rebalance', 'rebalance-without-swap', 'exit', 'collect'] as const;
  const first = random.pick(kinds);
  return random.chance(0.3) ? [first, random.pick(kinds)] : [first];
}

/** Lets the faults of the mix strike one after the other with pauses, two lines of them at once. Answers how many struck. */
async function strikeFor(
  ms: number,
  target: Parameters<Fault['strike']>[0],
  { mix, random, over }: { mix: readonly Fault[]; random: Random; over: () => Promise<boolean> },
): Promise<number> {
  const endMs = performance.now() + ms;
  let strikes = 0;
  let ended = false;
  const watch = until(async () => performance.now() > endMs || (await over()), ms, 100).then(() => {
    ended = true;
  });
  const line = async (faultsOfLine: readonly Fault[], own: Random) => {
    while (!ended && faultsOfLine.length > 0) {
      await pause(own.between(50, 900));
      if (ended) return;
      strikes++;
      // A fault may strike where another just did: a broker that is away takes no duplicates.
      await own
        .pick(faultsOfLine)
        .strike(target, own)
        .catch(() => {});
    }
  };
  // Of one line, so that a server is not killed twice at once.
  const servers = mix.filter(({ name }) => /^(broker|redis)-/.test(name));
  const others = mix.filter((fault) => !servers.includes(fault));
  await Promise.all([
    watch,
    line(servers, randomFrom(random.between(0, 2 ** 31))),
    line(others, randomFrom(random.between(0, 2 ** 31))),
  ]);
  return strikes;
}

function pickSome<T>(list: readonly T[], count: number, random: Random): T[] {
  const left = [...list];
  return Array.from({ length: Math.min(count, left.length) }, () =>
    left.splice(random.between(0, left.length - 1), 1),
  ).flat();
}
