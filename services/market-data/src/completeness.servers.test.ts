import { errorNotification, marketObserved, runStarted, tick } from '@rangeward/contracts';
import { type RpcProxy, startRpcProxy } from '@rangeward/localnet/rpc-proxy';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalWorld, openLocalWorld } from '../test/local-world.ts';

// A node that leaves out logs with the right block hash, as go-ethereum issue 26098 describes.

let world: LocalWorld;
let proxy: RpcProxy;
/** How many more answers lack the last log but one; 0 none. */
let lacking = 0;

beforeAll(async () => {
  world = await openLocalWorld();
  proxy = await startRpcProxy({ upstreamUrl: world.chain.rpcUrl });
  proxy.misbehave(({ method }) => (method === 'eth_getLogs' ? { kind: 'rewrite', rewrite: leaveOut } : null));
  const config = world.config();
  const { local } = config.chains;
  if (local === undefined) throw new Error('no chain named local');
  await world.startService({ ...config, chains: { local: { ...local, rpcUrl: `${proxy.url}/v2/a-secret-key` } } });
});

function leaveOut(answer: { readonly result?: unknown }) {
  const { result } = answer;
  if (!Array.isArray(result) || result.length < 2 || lacking === 0) return answer;
  lacking--;
  return { result: result.toSpliced(-2, 1) };
}

afterAll(async () => {
  await world?.close();
  await proxy?.stop();
});

const swapTo = (at: number) => ({ kind: 'to-price' as const, sqrtPriceX96: getSqrtRatioAtTick(at) });
/** A block with two swaps; resolves when the service has said what it means. */
async function tradeTwice(first: number, second: number) {
  const block = await world.trade([swapTo(first), swapTo(second)]);
  const [said] = await world.heard(tick, 1, ({ block: { number } }) => number === block);
  return said?.data;
}
async function feedCompleteOfRun() {
  const run = world.run();
  const origin = { triggerId: 'test', reason: 'a test', requestedBy: null, requestCorrelationId: null };
  await world.bus.publish(runStarted, { run, ...origin }, { correlationId: run.id });
  const [event] = await world.heard(marketObserved, 1, (data) => data.run.id === run.id);
  return event?.data.feedComplete;
}
const logsAsked = () => proxy.asked.filter((method) => method === 'eth_getLogs').length;
const notices = () => world.heard(errorNotification, 0, ({ code }) => code === 'feed-incomplete');

test('a whole feed is said to be whole', async () => {
  expect(await tradeTwice(196_280, 196_300)).toMatchObject({ swaps: 2, tick: 196_300 });
  expect(await tradeTwice(196_310, 196_290)).toMatchObject({ swaps: 2, tick: 196_290 });
  expect(await feedCompleteOfRun()).toBe(true);
});

test('a swap that the node left out is noticed by the next one, and read again', async () => {
  const before = logsAsked();
  lacking = 1;
  expect(await tradeTwice(196_270, 196_305)).toMatchObject({ swaps: 2, tick: 196_305 });
  expect(lacking).toBe(0);
  expect(logsAsked()).toBeGreaterThan(before + 1);
  expect(await feedCompleteOfRun()).toBe(true);
  expect(await notices()).toEqual([]);
});

test('what stays missing is said: by the run, and once to a person', async () => {
  lacking = 1_000;
  const said = await tradeTwice(196_260, 196_300);
  expect(said).toMatchObject({ swaps: 1, tick: 196_300 });
  const [notice] = await world.heard(errorNotification, 1, ({ code }) => code === 'feed-incomplete');
  expect(notice?.data).toMatchObject({
    service: 'market-data',
    severity: 'warning',
    kind: 'degraded',
    pool: world.pool,
  });
  expect(notice?.data.message).toContain(`and ${said?.block.number}`);
  expect(notice?.data.message).not.toContain('secret-key');
  lacking = 0;
  expect(await feedCompleteOfRun()).toBe(false);
  // The blocks after it follow again.
  expect(await tradeTwice(196_310, 196_290)).toMatchObject({ swaps: 2 });
  expect(await notices()).toHaveLength(1);
});
