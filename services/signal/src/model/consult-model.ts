import { setTimeout as pause } from 'node:timers/promises';
import type { Model } from '@rangeward/adapter-llm/ask-model';
import type { ModelBreaker } from '@rangeward/adapter-llm/breaker';
import { mostCostUsdE6 } from '@rangeward/adapter-llm/price-usage';
import type { Rasterise } from '@rangeward/adapter-llm/rasterise';
import { noAnswer } from '@rangeward/adapter-llm/read-message';
import type { ModelSettings } from '@rangeward/adapter-llm/settings';
import type { Charts } from '@rangeward/adapter-nats/charts';
import { commitBudget, releaseBudget, reserveBudget } from '@rangeward/adapter-redis/budgets';
import type { Redis } from '@rangeward/adapter-redis/connect';
import type { ModelCalls, SettledCall, StoredCall } from '@rangeward/adapter-redis/model-calls';
import type { EventData, marketObserved, Opinion, Prior, recommendation } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import { type AskedQuestion, askQuestion } from './ask-question.ts';
import { describeCall } from './describe-call.ts';
import { earnWeight, MOST_SCORES } from './earn-weight.ts';
import { BUDGET_SCOPE, CALLS_BUDGET, COST_BUDGET, DAY_MS } from './model-budgets.ts';
import { scoredOpinionOf } from './scored-opinion.ts';
import { PROMPT_VERSION } from './write-prompt.ts';

/** Everything that asking needs; opened once. */
export type ModelDesk = {
  readonly settings: ModelSettings;
  /** Null without a key. */
  readonly model: Model | null;
  /** Null where charts cannot be drawn. */
  readonly rasterise: Rasterise | null;
  /** Null where charts cannot be kept. */
  readonly charts: Charts | null;
  readonly breaker: ModelBreaker;
  readonly calls: ModelCalls;
  readonly redis: Redis;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
};

export type Asking = {
  readonly observed: EventData<typeof marketObserved>;
  readonly prior: Prior;
  /** What is recommended without an opinion. */
  readonly own: EventData<typeof recommendation>;
};

/** With less time than this no answer comes. */
const LEAST_MS = 1_000;

const reservationOf = (runId: string) => `model:${runId}`;

/**
 * The model's opinion on a run, or why there is none; never throws for anything that the model, its server or the chart
 * does. A run asks at most once: its record is begun before the call and settled after it, so that a message delivered
 * again gets the same opinion, and one whose answer was lost on the way gets none. Throws when Redis does not answer.
 */
export async function consultModel(asking: Asking, desk: ModelDesk, signal: AbortSignal): Promise<SettledCall> {
  const { settings, model, calls } = desk;
  if (!settings.enabled) return withoutCall(noAnswer('off', 'the configuration says not to ask a model'));
  if (model === null) return withoutCall(noAnswer('no-key', 'there is no key for a model: set ANTHROPIC_API_KEY'));
  const { id } = asking.observed.run;
  const standing = await calls.begin(id, desk.now() + settings.timeoutMs + SETTLING_MS);
  if (standing === null) return calls.settle(id, await consultOnce(asking, { ...desk, model }, signal));
  return (await awaitOther(id, standing, desk, signal)) ?? calls.settle(id, withoutCall(await loseAnswer(id, desk)));
}

const withoutCall = (opinion: Opinion): SettledCall => ({ opinion, consulted: null });

/** Time beside the call: drawing the chart before it, writing down what came of it after. */
const SETTLING_MS = 5_000;
const LOOK_EVERY_MS = 100;

/** What somebody else who is asking says, as long as they may still say it; null when they will not any more. */
async function awaitOther(
  runId: string,
  begun: StoredCall,
  { calls, now }: ModelDesk,
  signal: AbortSignal,
): Promise<SettledCall | null> {
  for (let standing: StoredCall | null = begun; standing !== null; standing = await calls.read(runId)) {
    if (standing.state === 'settled') return standing;
    if (now() >= standing.untilMs) return null;
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
  return null;
}

/** Whoever asked before us ended before it could say what came back. The call was made, as far as anybody knows. */
async function loseAnswer(runId: string, { redis, now }: ModelDesk): Promise<Opinion> {
  await commitBudget(redis, reservationOf(runId), {}, now());
  return noAnswer('failed', 'the model was asked before, and its answer was lost with the process that asked');
}

type OpenDesk = ModelDesk & { readonly model: Model };

async function consultOnce(asking: Asking, desk: OpenDesk, signal: AbortSignal): Promise<SettledCall> {
  const { settings, breaker, redis, now } = desk;
  const { run } = asking.observed;
  if (breaker.refuses()) return withoutCall(BREAKER_OPEN);
  const timeoutMs = Math.min(settings.timeoutMs, Date.parse(run.deadline) - now() - settings.leaveMs);
  if (timeoutMs < LEAST_MS) return withoutCall(noAnswer('time-out', 'the run had no time left for a model'));
  const refusal = await reserve(run.id, desk);
  if (refusal !== null) return withoutCall(refusal);
  const askedAtMs = now();
  const asked = await askQuestion(asking, desk, { timeoutMs, signal });
  if (!asked.sent) {
    await releaseBudget(redis, reservationOf(run.id));
    return withoutCall(asked.opinion);
  }
  return settleCall(asking, desk, { asked, askedAtMs });
}

const BREAKER_OPEN = noAnswer('breaker-open', 'calls in a row were not answered, so nobody is asked for a while');

/** What the answer cost is written down, its weight looked up, and everything described for the record. */
async function settleCall(
  asking: Asking,
  desk: OpenDesk,
  call: { readonly asked: Extract<AskedQuestion, { sent: true }>; readonly askedAtMs: number },
): Promise<SettledCall> {
  const { redis, now } = desk;
  const { run } = asking.observed;
  const weight = await currentWeight(desk);
  const consulted = describeCall(
    { ...asking, ...call, weight, tookMs: Math.max(0, now() - call.askedAtMs) },
    desk.settings,
  );
  await commitBudget(redis, reservationOf(run.id), { [COST_BUDGET]: consulted.call.costUsdE6 }, now());
  return { opinion: consulted.opinion, consulted };
}

/** Null when the day's limits have room. */
async function reserve(runId: string, { settings, redis, now }: ModelDesk): Promise<Opinion | null> {
  const lineOf = (budget: string, amount: number, limit: number) => ({
    budget,
    scope: BUDGET_SCOPE,
    amount,
    limit,
    windowMs: DAY_MS,
  });
  const answer = await reserveBudget(redis, {
    reservationId: reservationOf(runId),
    nowMs: now(),
    lines: [
      lineOf(CALLS_BUDGET, 1, settings.maxCallsPerDay),
      lineOf(COST_BUDGET, mostCostUsdE6(settings), Math.floor(settings.maxUsdPerDay * 1e6)),
    ],
  });
  if (answer.ok) return null;
  const what = answer.budget === CALLS_BUDGET ? `${answer.limit} calls` : `${answer.limit / 1e6} dollars`;
  return noAnswer('budget', `the limit of ${what} in 24 hours is reached`);
}

async function currentWeight({ calls, settings }: ModelDesk): Promise<number> {
  const scores = await calls.scores({ model: settings.name, promptVersion: PROMPT_VERSION }, MOST_SCORES);
  return earnWeight(scores.map(scoredOpinionOf), settings.maxWeight).weight;
}
