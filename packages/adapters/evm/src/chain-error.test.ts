import { inspect } from 'node:util';
import { createPublicClient, HttpRequestError, RpcRequestError } from 'viem';
import { expect, test } from 'vitest';
import { ChainError, scrubError, secretsOf, toChainError } from './chain-error.ts';
import { chainReader, chainTransport } from './client.ts';
import { chainsSettings } from './settings.ts';

const key = 'k3yThatMustNotBeSeen';
const url = `http://user:passw0rd@127.0.0.1:1/v2/${key}?token=${key}two`;
const everywhere = (error: unknown) =>
  `${inspect(error, { depth: 10, showHidden: true })}${JSON.stringify(error)}${String(error)}${(error as Error).stack}`;

test.each([
  ['HTTP', new HttpRequestError({ url, body: { method: 'eth_call' }, details: `at ${url}`, headers: new Headers() })],
  ['RPC', new RpcRequestError({ url, body: {}, error: { code: -32000, message: `no quota for ${key}` } })],
  ['bare', new Error(`connect ${url}`, { cause: new Error(`${key} again`) })],
])('no text of a %s error keeps the URL, its key or its password', (_, error) => {
  expect(everywhere(error)).toContain(key);
  const text = everywhere(toChainError('base', 'reading', scrubError(error, secretsOf([url]))));
  for (const secret of [key, 'passw0rd', '127.0.0.1:1']) expect(text).not.toContain(secret);
});

test('a node that cannot be reached fails without naming itself, by way of viem and by way of the reader', async () => {
  const settings = chainsSettings.parse({ base: { chainId: 8453, rpcUrl: url } }).base;
  if (settings === undefined) throw new Error('the settings did not parse');
  const options = { name: 'base', settings, retries: 0 };
  const byViem = await createPublicClient({ transport: chainTransport(options) })
    .getBlockNumber()
    .catch((error: unknown) => error);
  const byReader = await chainReader(options)
    .request('eth_chainId', [])
    .catch((error: unknown) => error);
  expect(byReader).toBeInstanceOf(ChainError);
  expect(byReader).toMatchObject({ code: 'unreachable', chain: 'base' });
  for (const error of [byViem, byReader]) {
    expect(error).toBeInstanceOf(Error);
    for (const secret of [key, 'passw0rd']) expect(everywhere(error)).not.toContain(secret);
  }
});

test('a cause that refers to itself ends', () => {
  const error = new Error(url);
  error.cause = error;
  expect(inspect(scrubError(error, secretsOf([url])))).not.toContain(key);
});
