import { loadConfig } from '@rangeward/service/config';
import { expect, test } from 'vitest';
import { settings, startProblem } from './config.ts';

const wallet = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';
const other = `0x${'11'.repeat(20)}` as const;
const local = { local: { local: true } };
const real = { local: { local: true }, base: { local: false } };

test('paper needs an address and no acknowledgement', () => {
  expect(startProblem({ mode: 'paper', live: {} }, wallet, real)).toBeNull();
  expect(startProblem({ mode: 'paper', live: {} }, null, real)).toContain('executor.wallet');
});

test('live on the local chain needs a key and no acknowledgement', () => {
  expect(startProblem({ mode: 'live', live: {} }, wallet, local)).toBeNull();
  expect(startProblem({ mode: 'live', live: {} }, null, local)).toContain('executor.keyFile');
});

test('live with real money needs the very wallet, written out', () => {
  const problem = startProblem({ mode: 'live', live: {} }, wallet, real);
  expect(problem).toContain('base');
  expect(problem).toContain(`Set live.acknowledgeWallet to ${wallet}`);
  expect(problem).not.toContain('local');
  expect(startProblem({ mode: 'live', live: { acknowledgeWallet: other } }, wallet, real)).toContain(other);
  expect(startProblem({ mode: 'live', live: { acknowledgeWallet: wallet } }, wallet, real)).toBeNull();
});

test('the key may come from the environment, and is then a secret', () => {
  const key = `0x${'ab'.repeat(32)}`;
  const { config, secrets } = loadConfig({ schema: settings, files: [], env: { LP__EXECUTOR__PRIVATE_KEY: key } });
  expect(config.executor.privateKey).toBe(key);
  expect(secrets).toContain(key);
});

test('whatever proves who we are to the broker is a secret', () => {
  const seed = `SU${'A'.repeat(56)}`;
  const env = { LP__NATS__TOKEN: 'token-of-ours', LP__NATS__NKEY_SEED: seed };
  expect(loadConfig({ schema: settings, files: [], env }).secrets).toEqual(
    expect.arrayContaining(['token-of-ours', seed]),
  );
});

test('without a configuration it is paper', () => {
  expect(loadConfig({ schema: settings, files: [], env: {} }).config.mode).toBe('paper');
});
