import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { type Consulted, createModelCalls } from '@rangeward/adapter-redis/model-calls';
import type { Opinion } from '@rangeward/contracts';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { modelRecord, modelScore } from './model.ts';

let server: RedisServer;
let redis: Redis;
beforeAll(async () => {
  server = await startRedisServer();
  redis = await connectRedis({ url: server.url });
});
afterAll(async () => {
  if (redis) await closeRedis(redis);
  await server?.stop();
});

/** Runs a command against the server and gives what it wrote. */
async function told(command: typeof modelScore | typeof modelRecord, json = false): Promise<string> {
  const written: string[] = [];
  const flags = { redis: server.url, json, limit: 20 };
  await command(flags, { write: (text: string) => void written.push(text) } as never);
  return written.join('');
}

const hour = (number: number) => new Date(Date.UTC(2026, 0, 1, number)).toISOString();

function callAt(number: number, opinion: (id: string) => Opinion): Consulted {
  const id = number.toString(16).padStart(32, '0');
  return {
    run: {
      id,
      trigger: 'scheduled',
      chain: 'local',
      pool: `0x${'88'.repeat(20)}`,
      position: 'main',
      tokenId: 7n,
      mode: 'paper',
      startedAt: hour(number),
      deadline: hour(number + 1),
    },
    call: {
      id,
      model: 'claude-opus-5-5',
      promptVersion: 1,
      promptHash: '0'.repeat(64),
      image: null,
      askedAt: hour(number),
      tookMs: 2_500,
      usage: { inputTokens: 1500, outputTokens: 200 },
      costUsdE6: 10_000,
      pricesAsOf: '2026-11-21',
      requestId: null,
    },
    opinion: opinion(id),
    views: {
      from: hour(number),
      horizonEnd: hour(number + 1),
      spotLog: 8,
      degreesOfFreedom: 8,
      without: { centerLog: 8, sigmaLog: 0.01 },
      full: null,
    },
  };
}

const up = (id: string): Opinion => ({
  kind: 'given',
  answer: { direction: 1, confidence: 2, regime: 2, width: 1 },
  weight: 0,
  model: 'claude-opus-5-5',
  promptHash: '0'.repeat(64),
  callId: id,
});

it('says so when nobody was asked', async () => {
  expect(await told(modelRecord)).toContain('No model was asked yet');
  expect(await told(modelScore)).toMatch(/0 calls[\s\S]*No model was asked yet/);
});

it('shows the calls with their outcome, and what they have earned', async () => {
  const calls = createModelCalls(redis);
  for (let number = 1; number <= 120; number += 1) {
    const consulted = callAt(number, up);
    await calls.settle(consulted.call.id, { opinion: consulted.opinion, consulted });
    const { run } = consulted;
    const outcome = { at: hour(number + 1), priceUsdE6: 3_010_000_000, earlyS: 0 };
    const [without, full] = [
      { log: 3, brier: 0.25 },
      { log: 3.1 + (number % 2) * 0.02, brier: 0.16 },
    ];
    const { id: callId, model, promptVersion } = consulted.call;
    const { from } = consulted.views;
    await calls.score(run, { run, callId, model, promptVersion, from, outcome, without, full });
  }
  const silent = callAt(121, () => ({ kind: 'none', reason: 'time-out', detail: 'no answer' }));
  await calls.settle(silent.call.id, { opinion: silent.opinion, consulted: silent });

  const record = await told(modelRecord);
  expect(record).toMatch(
    /up, high confidence; market normal; range as it is +0\.00 +1,500 \+ 200 +0\.0100 USD +3,010\.00 +\+0\.1/,
  );
  expect(record).toContain('nothing (time-out)');
  expect(JSON.parse(await told(modelRecord, true))).toHaveLength(20);

  const score = await told(modelScore);
  expect(score).toContain('121 of late, 1 of them without an opinion');
  expect(score).toMatch(/log score +\+0\.1100 an opinion, at least \+0\.1052 for certain/);
  expect(score).toMatch(/0\.1600 with the opinion, 0\.2500 without/);
  const { models } = JSON.parse(await told(modelScore, true));
  expect(models).toMatchObject([{ asked: 121, standing: { counted: 120, weight: 1 } }]);
});
