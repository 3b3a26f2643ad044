import { listDeadLetters } from '@rangeward/adapter-nats/dead-letters';
import { errorNotification, marketObserved, type Run, runStarted } from '@rangeward/contracts';
import { type RpcProxy, startRpcProxy } from '@rangeward/localnet/rpc-proxy';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type LocalWorld, openLocalWorld } from '../test/local-world.ts';
import type { Settings } from './config.ts';

let world: LocalWorld;
let proxy: RpcProxy;

beforeEach(async () => {
  world = await openLocalWorld();
  proxy = await startRpcProxy({ upstreamUrl: world.chain.rpcUrl });
});
afterEach(async () => {
  await world?.close();
  await proxy?.stop();
});

/** The local chain twice: as it is, and under the name `far` by way of a node that can be away. */
function twoChains(): Settings {
  const config = world.config();
  const { local } = config.chains;
  if (local === undefined) throw new Error('no chain named local');
  const { wsUrl: _, ...far } = local;
  return { ...config, chains: { local, far: { ...far, rpcUrl: proxy.url } } };
}

const away = () => proxy.misbehave(() => ({ kind: 'unavailable' }));

async function startRun(overrides: Partial<Run> = {}): Promise<Run> {
  const run = world.run(overrides);
  const origin = { triggerId: 'test', reason: 'a test', requestedBy: null, requestCorrelationId: null };
  await world.bus.publish(runStarted, { run, ...origin }, { correlationId: run.id });
  return run;
}
const observed = (run: Run) => world.heard(marketObserved, 1, (data) => data.run.id === run.id);

test('a node that is away while a run waits costs the run its time and nothing else, and no run of another chain', async () => {
  const service = await world.startService(twoChains());
  expect(service.readiness().ready).toBe(true);
  const back = away();
  const run = await startRun({ chain: 'far' });
  // More failures than any other message is allowed.
  const failures = await world.heard(errorNotification, 2, (data) => data.eventId !== null && data.runId === run.id);
  expect(failures.map(({ data }) => [data.kind, data.attempt])).toEqual([
    ['retrying', 2],
    ['retrying', 4],
  ]);
  await observed(await startRun());
  back();
  const [event] = await observed(run);
  expect(event?.data.run.chain).toBe('far');
  expect(await listDeadLetters(world.bus.broker)).toEqual([]);
});

test('a node that is still away at the run’s deadline ends the run’s message there', async () => {
  await world.startService(twoChains());
  away();
  await startRun({ chain: 'far', deadline: new Date(Date.now() + 1_500).toISOString() });
  await vi.waitFor(
    async () => expect(await listDeadLetters(world.bus.broker)).toMatchObject([{ code: 'deadline-passed' }]),
    { timeout: 10_000 },
  );
});

test('a chain that does not answer at the start is said by readiness, and followed once it does', async () => {
  const back = away();
  const service = await world.startService(twoChains());
  expect(service.readiness()).toMatchObject({
    ready: false,
    detail: { 'chain local': expect.stringContaining('block'), 'chain far': expect.stringContaining('not followed') },
  });
  expect(JSON.stringify(service.readiness())).not.toContain(proxy.url);
  await observed(await startRun());
  const waiting = await startRun({ chain: 'far' });
  back();
  await observed(waiting);
  await vi.waitFor(() => expect(service.readiness().ready).toBe(true));
});

test('a node that serves another chain than configured is a mistake: the service does not start', async () => {
  const config = twoChains();
  proxy.misbehave(({ method }) => (method === 'eth_chainId' ? { kind: 'answer', answer: { result: '0x1' } } : null));
  await expect(world.startService(config)).rejects.toMatchObject({ code: 'wrong-chain' });
});
