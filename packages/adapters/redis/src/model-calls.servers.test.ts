import type { Opinion } from '@rangeward/contracts';
import { expect, test } from 'vitest';
import { redis } from '../test/fresh-redis.ts';
import { type Consulted, createModelCalls, type Scored } from './model-calls.ts';

const pool = `0x${'88'.repeat(20)}`;
const place = { chain: 'local', pool };
const hour = (number: number) => new Date(Date.UTC(2026, 0, 5, number)).toISOString();
const idOf = (number: number) => number.toString(16).padStart(32, '0');

const given = (id: string): Opinion => ({
  kind: 'given',
  answer: { direction: 1, confidence: 2, regime: 2, width: 1 },
  weight: 0,
  model: 'm',
  promptHash: '0'.repeat(64),
  callId: id,
});
const none: Opinion = { kind: 'none', reason: 'time-out', detail: 'no answer' };

function consultedAt(number: number, opinion = given(idOf(number))): Consulted {
  const id = idOf(number);
  return {
    run: {
      id,
      trigger: 'scheduled',
      ...place,
      position: 'main',
      tokenId: 7n,
      mode: 'paper',
      startedAt: hour(number),
      deadline: hour(number + 1),
    },
    call: {
      id,
      model: 'm',
      promptVersion: 1,
      promptHash: '0'.repeat(64),
      image: null,
      askedAt: hour(number),
      tookMs: 900,
      usage: { inputTokens: 1500, outputTokens: 100 },
      costUsdE6: 8000,
      pricesAsOf: '2026-11-21',
      requestId: null,
    },
    opinion,
    views: {
      from: hour(number),
      horizonEnd: hour(number + 1),
      spotLog: 8,
      degreesOfFreedom: 8,
      without: { centerLog: 8, sigmaLog: 0.01 },
      full: opinion.kind === 'given' ? { centerLog: 8.0025, sigmaLog: 0.01 } : null,
    },
  };
}

const scoredAt = (number: number, log = 3): Scored => ({
  run: consultedAt(number).run,
  callId: idOf(number),
  model: 'm',
  promptVersion: 1,
  from: hour(number),
  outcome: { at: hour(number + 1), priceUsdE6: 3_000_000_000, earlyS: 0 },
  without: { log: 2, brier: 0.25 },
  full: { log, brier: 0.2 },
});

test('one of many begins the record of a run; the others find what stands there', async () => {
  const calls = createModelCalls(redis);
  const answers = await Promise.all(Array.from({ length: 20 }, () => calls.begin(idOf(1), 5)));
  expect(answers.filter((answer) => answer === null)).toHaveLength(1);
  expect(answers.filter((answer) => answer?.state === 'asked')).toHaveLength(19);
  expect(await calls.read(idOf(1))).toEqual({ state: 'asked', untilMs: 5 });
  const settled = { opinion: given(idOf(1)), consulted: consultedAt(1) };
  await calls.settle(idOf(1), settled);
  expect(await calls.begin(idOf(1), 5)).toEqual({ state: 'settled', ...settled });
  // Whoever thought the answer lost was not the first to say.
  expect(await calls.settle(idOf(1), { opinion: none, consulted: null })).toMatchObject(settled);
  await calls.begin(idOf(2), 5);
  await calls.settle(idOf(2), { opinion: none, consulted: null });
  expect(await calls.begin(idOf(2), 5)).toEqual({ state: 'settled', opinion: none, consulted: null });
});

test('a record without a call is kept for eight days, one with a call for a year', async () => {
  const calls = createModelCalls(redis);
  await calls.begin(idOf(1), 5);
  await calls.settle(idOf(2), { opinion: none, consulted: null });
  await calls.settle(idOf(3), { opinion: none, consulted: consultedAt(3, none) });
  const days = (number: number) =>
    redis.pttl(`lp:{model}:call:${idOf(number)}`).then((ms) => Math.round(ms / 86_400_000));
  expect(await Promise.all([days(1), days(2), days(3)])).toEqual([8, 8, 365]);
});

test('an opinion is due when its horizon has ended, until it is scored or given up; no opinion never is', async () => {
  const calls = createModelCalls(redis);
  for (const number of [1, 2, 3]) {
    await calls.settle(idOf(number), { opinion: given(idOf(number)), consulted: consultedAt(number) });
  }
  await calls.settle(idOf(4), { opinion: none, consulted: consultedAt(4, none) });
  const due = async (until: number) => (await calls.due(place, Date.parse(hour(until)))).map(({ call }) => call.id);
  expect(await due(3)).toEqual([idOf(1), idOf(2)]);
  expect(await calls.due({ ...place, chain: 'base' }, Date.parse(hour(9)))).toEqual([]);
  await calls.score(place, scoredAt(1));
  await calls.forgo(place, idOf(2));
  expect(await due(9)).toEqual([idOf(3)]);
});

test('a score is written once, and a record is read oldest first, of one model and version alone', async () => {
  const calls = createModelCalls(redis);
  for (const number of [2, 1, 3]) await calls.score(place, scoredAt(number, number));
  await calls.score(place, scoredAt(1, 99));
  await calls.score(place, { ...scoredAt(5), promptVersion: 2 });
  const logs = async (limit: number) =>
    (await calls.scores({ model: 'm', promptVersion: 1 }, limit)).map(({ full }) => full.log);
  expect(await logs(10)).toEqual([1, 2, 3]);
  expect(await logs(2)).toEqual([2, 3]);
  expect(await calls.scores({ model: 'other', promptVersion: 1 }, 10)).toEqual([]);
});

test('the list has the newest calls first, with their scores', async () => {
  const calls = createModelCalls(redis);
  expect(await calls.list(10)).toEqual([]);
  for (const number of [1, 2, 3]) {
    await calls.settle(idOf(number), { opinion: given(idOf(number)), consulted: consultedAt(number) });
  }
  await calls.score(place, scoredAt(2));
  expect(await calls.list(2)).toEqual([
    { consulted: consultedAt(3), scored: null },
    { consulted: consultedAt(2), scored: scoredAt(2) },
  ]);
});
