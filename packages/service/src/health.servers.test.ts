import { afterEach, expect, test } from 'vitest';
import { type Health, type Readiness, startHealth } from './health.ts';

let health: Health | undefined;
afterEach(() => health?.close());

async function look(path: string) {
  const answer = await fetch(`${health?.url}${path}`);
  return { status: answer.status, body: await answer.json() };
}

test('alive whatever the rest is, on loopback and a free port', async () => {
  health = await startHealth({ readiness: () => ({ ready: false, detail: {} }) });
  expect(health.host).toBe('127.0.0.1');
  expect(health.port).toBeGreaterThan(0);
  expect(await look('/healthz')).toMatchObject({
    status: 200,
    body: { ok: true, eventLoopDelayMs: expect.any(Number) },
  });
});

test('ready and not, with the detail', async () => {
  let state: Readiness = { ready: false, detail: { nats: 'connecting' } };
  health = await startHealth({ readiness: () => state });
  expect(await look('/readyz')).toEqual({
    status: 503,
    body: { ready: false, draining: false, detail: { nats: 'connecting' } },
  });
  state = { ready: true, detail: { nats: 'connected' } };
  expect(await look('/readyz')).toMatchObject({ status: 200, body: { ready: true } });
});

test('not ready while draining', async () => {
  let draining = false;
  health = await startHealth({ readiness: () => ({ ready: true, detail: {} }), draining: () => draining });
  expect((await look('/readyz')).status).toBe(200);
  draining = true;
  expect(await look('/readyz')).toMatchObject({ status: 503, body: { ready: false, draining: true } });
  expect((await look('/healthz')).status).toBe(200);
});

test('a readiness that throws is not ready, and says no more than the kind of error', async () => {
  health = await startHealth({ readiness: () => Promise.reject(new TypeError('https://rpc.example/v2/key')) });
  expect(await look('/readyz')).toMatchObject({ status: 503, body: { detail: { error: 'TypeError' } } });
});

test('a taken port is an error', async () => {
  health = await startHealth({ readiness: () => ({ ready: true, detail: {} }) });
  await expect(startHealth({ port: health.port, readiness: () => ({ ready: true, detail: {} }) })).rejects.toThrow(
    'EADDRINUSE',
  );
});

test('closes although a connection is kept open', async () => {
  health = await startHealth({ readiness: () => ({ ready: true, detail: {} }) });
  await look('/healthz');
  await health.close();
  await expect(fetch(`${health.url}/healthz`)).rejects.toThrow();
});
