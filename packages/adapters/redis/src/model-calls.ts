import { type EventData, fromWire, modelConsulted, modelScored, opinion, toWire } from '@rangeward/contracts';
import { z } from 'zod';
import type { Redis } from './connect.ts';
import { defineScript } from './script.ts';

/**
 * What a model was asked and how it did: one record a run, begun before the call and settled after it, so that a message
 * delivered again never asks again. The first to settle it is right: a record is what is published of it, so whoever comes second says
 * the same.
 *
 * Keys, in one hash slot: `lp:{model}:call:<run>` (the record), `lp:{model}:calls` (runs by time), `lp:{model}:due:<chain>:<pool>`
 * (runs whose outcome is awaited, by the end of their horizon), `lp:{model}:scored` (run to score), and
 * `lp:{model}:scores:<model>:<prompt version>` (scored runs by time).
 */
export type ModelCalls = {
  /** Begins the record of a run, to be settled by `untilMs`; null when that is ours to do, else what stands there. */
  begin(runId: string, untilMs: number): Promise<StoredCall | null>;
  /** The record of a run; null when there is none. */
  read(runId: string): Promise<StoredCall | null>;
  /** Ends it, unless somebody did, and gives what stands. `consulted` is null when no call was made. */
  settle(runId: string, outcome: SettledCall): Promise<SettledCall>;
  /** Calls about a pool whose horizon has ended by `untilMs` and that wait for their outcome, oldest first. */
  due(place: Place, untilMs: number): Promise<Consulted[]>;
  /** Writes a score down, once; a second one of the same call changes nothing. */
  score(place: Place, scored: Scored): Promise<void>;
  /** Gives up waiting for the outcome of a call. */
  forgo(place: Place, runId: string): Promise<void>;
  /** Scores of a model with a version of the prompt, the newest `limit` of them, oldest first. */
  scores(of: { readonly model: string; readonly promptVersion: number }, limit: number): Promise<Scored[]>;
  /** The newest calls, newest first, each with its score if it has one. */
  list(limit: number): Promise<{ readonly consulted: Consulted; readonly scored: Scored | null }[]>;
};

export type Consulted = EventData<typeof modelConsulted>;
export type Scored = EventData<typeof modelScored>;
export type Place = { readonly chain: string; readonly pool: string };
export type SettledCall = {
  readonly opinion: z.output<typeof opinion>;
  readonly consulted: Consulted | null;
};
export type StoredCall =
  /** Somebody began, and will have said by then what came of it; after that nobody will. */
  { readonly state: 'asked'; readonly untilMs: number } | ({ readonly state: 'settled' } & SettledCall);

/** Longer than a message is delivered again; a record without a call serves nothing else. */
const BRIEF_MS = 8 * 86_400_000;
/** As long as the events themselves. */
const KEPT_MS = 365 * 86_400_000;

const record = z.discriminatedUnion('state', [
  z.object({ state: z.literal('asked'), untilMs: z.number() }),
  z.object({ state: z.literal('settled'), opinion, consulted: modelConsulted.schema.nullable() }),
]);

const callsKey = 'lp:{model}:calls';
const scoredKey = 'lp:{model}:scored';
const callKey = (runId: string) => `lp:{model}:call:${runId}`;
const dueKey = ({ chain, pool }: Place) => `lp:{model}:due:${chain}:${pool}`;
const scoresKey = (of: { readonly model: string; readonly promptVersion: number }) =>
  `lp:{model}:scores:${of.model}:${of.promptVersion}`;

export function createModelCalls(redis: Redis): ModelCalls {
  const readCalls = async (runIds: readonly string[]): Promise<Consulted[]> => {
    if (runIds.length === 0) return [];
    const texts = await redis.mget(...runIds.map(callKey));
    return texts.flatMap((text) => {
      const stored = text === null ? null : readRecord(text);
      return stored?.state === 'settled' && stored.consulted !== null ? [stored.consulted] : [];
    });
  };
  const readScores = async (runIds: readonly string[]): Promise<(Scored | null)[]> => {
    if (runIds.length === 0) return [];
    const texts = await redis.hmget(scoredKey, ...runIds);
    return texts.map((text) => (text === null ? null : fromWire(modelScored.schema, JSON.parse(text))));
  };
  return {
    async begin(runId, untilMs) {
      const text = JSON.stringify({ state: 'asked', untilMs });
      const standing = await redis.set(callKey(runId), text, 'PX', BRIEF_MS, 'NX', 'GET');
      return standing === null ? null : readRecord(standing);
    },
    async read(runId) {
      const text = await redis.get(callKey(runId));
      return text === null ? null : readRecord(text);
    },
    async settle(runId, outcome) {
      const text = JSON.stringify(toWire(record, { state: 'settled', ...outcome }));
      const { consulted } = outcome;
      const kept = consulted === null ? BRIEF_MS : KEPT_MS;
      const standing = await settleOnce(redis, [callKey(runId)], [text, kept]);
      if (typeof standing === 'string') {
        const read = readRecord(standing);
        if (read.state === 'settled') return read;
      }
      if (consulted === null) return outcome;
      const change = redis.multi().zadd(callsKey, Date.parse(consulted.call.askedAt), runId);
      if (consulted.views.full) change.zadd(dueKey(consulted.run), Date.parse(consulted.views.horizonEnd), runId);
      throwFirst(await change.exec());
      return outcome;
    },
    async due(place, untilMs) {
      return readCalls(await redis.zrangebyscore(dueKey(place), '-inf', untilMs));
    },
    async score(place, scored) {
      const runId = scored.callId;
      const text = JSON.stringify(toWire(modelScored.schema, scored));
      const change = redis.multi().hsetnx(scoredKey, runId, text);
      change.zadd(scoresKey(scored), 'NX', Date.parse(scored.from), runId).zrem(dueKey(place), runId);
      throwFirst(await change.exec());
    },
    async forgo(place, runId) {
      await redis.zrem(dueKey(place), runId);
    },
    async scores(of, limit) {
      const newestFirst = limit === 0 ? [] : await redis.zrevrange(scoresKey(of), 0, limit - 1);
      return (await readScores(newestFirst.toReversed())).filter((scored) => scored !== null);
    },
    async list(limit) {
      const runIds = limit === 0 ? [] : await redis.zrevrange(callsKey, 0, limit - 1);
      const calls = await readCalls(runIds);
      const scores = await readScores(calls.map(({ call }) => call.id));
      return calls.map((consulted, index) => ({ consulted, scored: scores[index] ?? null }));
    },
  };
}

// KEYS: the record. ARGV: the text it gets, how long to keep it. Returns what stood there when somebody settled it before.
const settleOnce = defineScript(
  'ModelCallSettle',
  1,
  `
local standing = redis.call('GET', KEYS[1])
if standing and string.sub(standing, 1, 16) ~= '{"state":"asked"' then return standing end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false`,
);

function readRecord(text: string): StoredCall {
  return fromWire(record, JSON.parse(text));
}

function throwFirst(answers: [Error | null, unknown][] | null): void {
  for (const [error] of answers ?? []) if (error !== null) throw error;
}
