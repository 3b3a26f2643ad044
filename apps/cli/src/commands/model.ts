import { readBudget } from '@rangeward/adapter-redis/budgets';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { type Consulted, createModelCalls, type Scored } from '@rangeward/adapter-redis/model-calls';
import { earnWeight, MOST_SCORES, type Standing } from '@rangeward/signal/model/earn-weight';
import { BUDGET_SCOPE, CALLS_BUDGET, COST_BUDGET, DAY_MS } from '@rangeward/signal/model/model-budgets';
import { scoredOpinionOf } from '@rangeward/signal/model/scored-opinion';
import { type GlobalFlags, withRedis } from '../operator.ts';
import { printFacts, printJson, printTable } from '../output.ts';
import { duration, integer, price, short, usd } from '../story/format-amounts.ts';
import { printTitle, type Screen } from '../story/print-story.ts';
import { tellAnswer } from '../story/tell-opinion.ts';

type Flags = GlobalFlags & { readonly json: boolean };

/** Calls of the model, newest first, with what came of them. */
export async function modelRecord(flags: Flags & { limit: number }, screen: Screen): Promise<void> {
  const calls = await withRedis(flags, (redis) => createModelCalls(redis).list(flags.limit));
  if (flags.json) return printJson(screen, calls);
  if (calls.length === 0) return void screen.write(NOBODY_ASKED);
  const head = ['run', 'asked', 'took', 'said', 'weight', 'tokens', 'cost', 'outcome', 'log score'];
  printTable(screen, head, calls.map(rowOf));
}

const NOBODY_ASKED = 'No model was asked yet. It needs a key: ANTHROPIC_API_KEY, or ANTHROPIC_API_KEY_FILE.\n';

function rowOf({ consulted, scored }: { consulted: Consulted; scored: Scored | null }): string[] {
  const { call, opinion } = consulted;
  return [
    short(call.id),
    call.askedAt,
    duration(call.tookMs),
    opinion.kind === 'given' ? tellAnswer(opinion.answer) : `nothing (${opinion.reason})`,
    opinion.kind === 'given' ? opinion.weight.toFixed(2) : '',
    call.usage === null ? '' : `${integer(call.usage.inputTokens)} + ${integer(call.usage.outputTokens)}`,
    `${call.usage === null ? 'at most ' : ''}${(call.costUsdE6 / 1e6).toFixed(4)} USD`,
    scored === null ? '' : price(scored.outcome.priceUsdE6),
    scored === null ? '' : signed(scored.full.log - scored.without.log),
  ];
}

/** How the opinions did against the view without them, and what weight that has earned. */
export async function modelScore(flags: Flags, screen: Screen): Promise<void> {
  const found = await withRedis(flags, async (redis) => ({
    lastDay: await lastDay(redis),
    models: await standings(redis),
  }));
  if (flags.json) return printJson(screen, found);
  const { calls, costUsdE6 } = found.lastDay;
  screen.write(`In the last 24 hours: ${integer(calls)} calls, ${usd(costUsdE6)}\n`);
  if (found.models.length === 0) screen.write(NOBODY_ASKED);
  for (const { model, promptVersion, asked, unanswered, standing } of found.models) {
    printTitle(screen, `${model}, version ${promptVersion} of the prompt`);
    printFacts(screen, [
      ['calls', `${integer(asked)} of late, ${integer(unanswered)} of them without an opinion`],
      ...factsOf(standing),
    ]);
  }
}

function factsOf(standing: Standing): (readonly [string, string])[] {
  const { scored, counted, meanGain, leastGain, recentGain, brierFull, brierWithout, weight, why } = standing;
  const least = leastGain === null ? 'nothing for certain' : `at least ${signed(leastGain)} for certain`;
  return [
    ['scored', `${integer(scored)}, of which ${integer(counted)} count: of horizons that overlap only the first does`],
    ['log score', `${signed(meanGain)} an opinion, ${least}; the newest ${signed(recentGain)}`],
    ['Brier score', `${brierFull.toFixed(4)} with the opinion, ${brierWithout.toFixed(4)} without; lower is better`],
    ['weight', `${weight.toFixed(2)}, or signal.model.maxWeight if that is less: ${why}`],
  ];
}

async function standings(redis: Redis) {
  const store = createModelCalls(redis);
  const calls = (await store.list(MOST_SCORES)).map(({ consulted }) => consulted);
  const names = new Map(
    calls.map(({ call: { model, promptVersion } }) => [`${model} ${promptVersion}`, { model, promptVersion }]),
  );
  return Promise.all(
    [...names.values()].map(async (name) => {
      const own = calls.filter(({ call }) => call.model === name.model && call.promptVersion === name.promptVersion);
      const scores = await store.scores(name, MOST_SCORES);
      const unanswered = own.filter(({ opinion }) => opinion.kind === 'none').length;
      return { ...name, asked: own.length, unanswered, standing: earnWeight(scores.map(scoredOpinionOf), 1) };
    }),
  );
}

async function lastDay(redis: Redis): Promise<{ calls: number; costUsdE6: number }> {
  const usedOf = async (budget: string) =>
    (await readBudget(redis, { budget, scope: BUDGET_SCOPE, nowMs: Date.now(), windowMs: DAY_MS })).used;
  const [calls, costUsdE6] = await Promise.all([usedOf(CALLS_BUDGET), usedOf(COST_BUDGET)]);
  return { calls, costUsdE6 };
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;
}
