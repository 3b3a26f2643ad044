import { rebalancePlanned } from '@rangeward/contracts';
import { openChaosWorld } from './chaos-world.ts';
import type { Violation } from './judge.ts';
import { judgeWithin } from './judge-within.ts';
import { lookAt, type ManagedPosition, manage, movePrice, openNarrow, pushPrice } from './managed-position.ts';
import { type PlanWish, planNow } from './plan-now.ts';
import { randomFrom } from './random.ts';
import { endOf, readBaseline, readFacts, unsettledPlans } from './read-facts.ts';
import type { SupervisedService } from './supervised-service.ts';
import { until } from './until.ts';

/** One process ends or freezes at one boundary of one kind of plan, or somebody else pushes the price there, and back afterwards. */
export type MatrixCase = {
  readonly kind: PlanWish['kind'];
  readonly place: string;
  readonly how: 'kill' | 'freeze' | 'push';
};
export type CaseResult = {
  readonly of: MatrixCase;
  readonly violations: readonly Violation[];
  readonly outcome: string;
  /** From the fault to the trade. */
  readonly recoveryMs: number | null;
};

export type MatrixOptions = {
  readonly bug?: string | undefined;
  readonly keep?: boolean;
  /** 1 unless told. */
  readonly confirmations?: number;
  /** The lease and the broker's waits of production, instead of short ones. */
  readonly productionTimes?: boolean;
};

const settleWithinMs = 20_000;
/** What a reorganisation took away from a closed plan comes back by itself, within this. */
const rightWithinMs = 15_000;

/** A world with two executors, and what may be done to the one that stands at a place. */
export async function openMatrixWorld(options: MatrixOptions = {}) {
  const endWithinMs = options.productionTimes ? 100_000 : 30_000;
  let atBoundary: (service: SupervisedService, place: string) => Promise<void> = async () => {};
  const tokenIds: bigint[] = [];
  const world = await openChaosWorld({
    confirmations: options.confirmations ?? 1,
    productionTimes: options.productionTimes ?? false,
    services: ['executor', 'executor'],
    bug: options.bug,
    keep: options.keep ?? false,
    onBoundary: (service, place) => atBoundary(service, place),
    prepare: async (hands) => {
      tokenIds.push(await openNarrow(hands));
    },
  });
  let made = 0;
  const random = randomFrom(1);
  const fresh = async (tokenId?: bigint) => manage(world, `p${++made}`, tokenId ?? (await openNarrow(world)));
  let position: ManagedPosition | null = await fresh(tokenIds[0]);
  let side = 1;

  /** Carries a plan out with something happening on the way; answers what is wrong afterwards. */
  async function run(
    kind: PlanWish['kind'],
    onBoundary: typeof atBoundary,
    whenOver: () => Promise<void> = async () => {},
  ) {
    position ??= await fresh();
    const held = position;
    const state = await lookAt(world, held.tokenId);
    side = -side;
    await movePrice(world, centreOf(state) + side * 150);
    const before = await readBaseline(world, [held.tokenId]);
    const plan = await planNow(world, held, { kind, runId: random.hex(32) });
    atBoundary = onBoundary;
    await world.bus.publish(rebalancePlanned, plan, { correlationId: plan.run.id });
    const ended = await until(async () => (await endOf(world, plan)) !== null, endWithinMs);
    const endedMs = performance.now();
    await until(async () => (await unsettledPlans(world)) === 0, settleWithinMs);
    await whenOver();
    atBoundary = async () => {};
    const { facts, violations } = await judgeWithin(rightWithinMs, () => readFacts(world, before, [plan]));
    const trade = facts.plans[0]?.trade ?? null;
    if (!ended) violations.push({ id: 'I9', text: `no end within ${endWithinMs / 1000} s` });
    // What rests as tokens, or went wrong, is no position for the next plan.
    const live = trade?.tokenIdAfter ?? null;
    position = live === null ? null : { ...held, tokenId: live };
    return { violations, trade, endedMs };
  }

  let tickBefore = 0;
  /** Out of every slippage that a plan allows. */
  const pushAway = async () => {
    const { tick } = (await lookAt(world, position?.tokenId ?? 0n)).pool;
    tickBefore = tick;
    await pushPrice(world, tick + 250);
    // Where the push only makes the plan wait for a better price, it comes.
    setTimeout(() => void pushBack().catch(() => {}), 3_000).unref();
  };
  const pushBack = () => pushPrice(world, tickBefore);

  return { world, run, pushAway, pushBack, close: () => world.close() };
}

export type MatrixWorld = Awaited<ReturnType<typeof openMatrixWorld>>;

function centreOf(state: Awaited<ReturnType<typeof lookAt>>): number {
  const { position, pool } = state;
  return position === null ? pool.tick : Math.round((position.tickLower + position.tickUpper) / 20) * 10;
}

/** The boundaries of a plan of this kind, in order, and whether all is well without any fault. */
export async function findPlaces(matrix: MatrixWorld, kind: PlanWish['kind']): Promise<string[]> {
  const places: string[] = [];
  const { violations, trade } = await matrix.run(kind, async (_service, place) => void places.push(place));
  if (violations.length > 0 || trade?.outcome !== 'confirmed') {
    const said = violations.map(({ id, text }) => `${id}: ${text}`).join('; ');
    throw new Error(`a plan without any fault ends as ${trade?.outcome} (${trade?.reason}): ${said}`);
  }
  return places;
}

export async function runCase(matrix: MatrixWorld, of: MatrixCase): Promise<CaseResult> {
  let hitMs: number | null = null;
  const { promise: woken, resolve: wake } = Promise.withResolvers<void>();
  let victim: SupervisedService | undefined;
  const { violations, trade, endedMs } = await matrix.run(
    of.kind,
    (service, place) => {
      if (place !== of.place || victim !== undefined) return Promise.resolve();
      victim = service;
      hitMs = performance.now();
      if (of.how === 'push') return matrix.pushAway();
      if (of.how === 'freeze') {
        service.freeze();
        return woken;
      }
      service.kill();
      return new Promise(() => {});
    },
    async () => {
      if (of.how === 'push') await matrix.pushBack();
      if (of.how !== 'freeze' || victim === undefined) return;
      victim.wake();
      wake();
      await victim.idle();
    },
  );
  if (victim === undefined) violations.push({ id: 'matrix', text: `no executor came to ${of.place}` });
  const outcome = trade?.outcome ?? 'nothing';
  return { of, violations, outcome, recoveryMs: hitMs === null ? null : Math.max(0, endedMs - hitMs) };
}
