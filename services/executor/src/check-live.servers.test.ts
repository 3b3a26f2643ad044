import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSigningKey } from '@rangeward/adapter-nats/signing';
import { hostService } from '@rangeward/host/host-service';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { createLife } from '@rangeward/service/life';
import { createLogger } from '@rangeward/service/log';
import { PreflightError } from '@rangeward/service/process';
import { privateKeyToAddress } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hosted } from './hosted.ts';

const log = createLogger({ service: 'test', level: 'silent' });
// A development key that everybody knows; nothing is ever sent with it here.
const privateKey = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
const wallet = privateKeyToAddress(privateKey).toLowerCase();

let folder: string;
let nats: NatsServer;
let redis: RedisServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rangeward-live-'));
  [nats, redis] = await Promise.all([startNatsServer({ monitor: true }), startRedisServer()]);
});
afterAll(async () => {
  await Promise.all([nats?.stop(), redis?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

/** The sentence with which the executor does not start; null when it starts. */
async function refusalOf(change: Record<string, unknown>): Promise<string | null> {
  const file = join(folder, 'rangeward.yaml');
  const chain = { chainId: 1, rpcUrl: 'http://127.0.0.1:1', pools: {} };
  const { nats: natsChange, ...rest } = change;
  const config = {
    mode: 'live',
    live: { acknowledgeWallet: wallet },
    nats: { url: nats.url, ...(natsChange as object | undefined) },
    redis: { url: redis.url },
    chains: { ethereum: chain },
    executor: { privateKey },
    ...rest,
  };
  writeFileSync(file, JSON.stringify(config));
  const life = createLife({ log });
  try {
    await hostService(life, hosted, { files: [file], env: {}, alone: false });
    return null;
  } catch (error) {
    // The life names the part that did not open; the refusal is its cause.
    const refusal = error instanceof Error && error.cause instanceof PreflightError ? error.cause : error;
    if (refusal instanceof PreflightError) return refusal.message;
    throw error;
  } finally {
    await life.close();
  }
}

describe('live trading where money is real', () => {
  test('names everything of broker, state and keys that is not fit for it, with what to do', async () => {
    const refusal = await refusalOf({ nats: { monitorUrl: nats.monitorUrl } });
    for (const sentence of [
      'real money is not moved here',
      'set "sync_interval: always"',
      'nats-server lets anybody in',
      'set "appendfsync always"',
      'plans would be believed from anybody',
      'commands and approvals would be believed from anybody',
    ]) {
      expect(refusal).toContain(sentence);
    }
    expect(refusal?.includes('run 2.12.7 or newer')).toBe(isOld(nats.version));
  });

  test('cannot be had without showing how the broker writes', async () => {
    expect(await refusalOf({})).toContain('cannot be seen: nats.monitorUrl is not set');
  });

  test('is not held up by a key that was pinned, nor by a state that is fit', async () => {
    const { publicKey } = createSigningKey();
    const trusted = { decision: [publicKey], operator: [publicKey] };
    const fit = await startRedisServer({ appendfsync: 'always' });
    const refusal = await refusalOf({ nats: { signing: { trusted } }, redis: { url: fit.url } });
    await fit.stop();
    expect(refusal).toContain('nats-server lets anybody in');
    expect(refusal).not.toMatch(/Redis|believed/);
  });
});

test.each([
  ['paper mode', { mode: 'paper', executor: { wallet } }],
  ['a local chain', { chains: { local: { chainId: 31337, rpcUrl: 'http://127.0.0.1:1', pools: {} } } }],
])('%s moves no real money and starts with what there is', async (_, change) => {
  expect(await refusalOf(change)).toBeNull();
});

function isOld(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return major < 2 || (major === 2 && (minor < 12 || (minor === 12 && patch < 7)));
}
