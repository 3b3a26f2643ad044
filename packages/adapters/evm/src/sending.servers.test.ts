import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalChain, loadChain } from '@rangeward/localnet/chain-state';
import { type LocalClient, localClient } from '@rangeward/localnet/local-client';
import { keccak256, recoverTransactionAddress, type TransactionSerialized } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeApproval } from './encode-approval.ts';
import { lowerAddress } from './lower-address.ts';
import { readSigned } from './read-signed.ts';
import { findReceipt, waitForReceipt } from './receipts.ts';
import { sendRaw } from './send-raw.ts';
import type { Signer } from './signer.ts';
import { signerFromKey, signerFromKeyFile } from './signer-from-key.ts';
import { preflight, simulate } from './transactions.ts';
import { openWalletClient, type WalletClient } from './wallet-client.ts';

let chain: LocalChain;
let local: LocalClient;
let client: WalletClient;
let signer: Signer;

const settingsOf = (rpcUrl: string) => ({
  chainId: 31337,
  rpcUrl,
  contracts: {},
  confirmations: 1,
  reorgDepth: 12,
  pollMs: 50,
  pools: {},
});

beforeAll(async () => {
  chain = await loadChain();
  local = localClient(chain.rpcUrl);
  client = openWalletClient({ name: 'local', settings: settingsOf(chain.rpcUrl) });
  signer = signerFromKey(chain.accounts.operator.privateKey);
});
afterAll(() => chain?.stop());

async function unsigned() {
  const nonce = await local.getTransactionCount({ address: signer.address });
  return {
    chainId: 31337,
    nonce,
    to: lowerAddress(chain.addresses.weth),
    data: encodeApproval(chain.addresses.swapRouter, BigInt(nonce)),
    gasLimit: 80_000n,
    maxFeePerGasWei: 10n ** 10n,
    maxPriorityFeePerGasWei: 10n ** 8n,
  };
}

async function signed(change: { to?: `0x${string}`; data?: `0x${string}`; gasLimit?: bigint } = {}) {
  const raw = await signer.sign({ ...(await unsigned()), ...change });
  return { raw, hash: keccak256(raw) };
}

const wait = (hash: `0x${string}`, change: Partial<Parameters<typeof waitForReceipt>[1]> = {}) =>
  waitForReceipt(client, {
    hashes: () => [hash],
    confirmations: 1,
    pollMs: 20,
    signal: AbortSignal.timeout(10_000),
    unseen: async () => {},
    ...change,
  });

test('signing twice gives the same bytes, by the wallet’s key', async () => {
  const [one, two] = [await signed(), await signed()];
  expect(one).toEqual(two);
  const from = await recoverTransactionAddress({ serializedTransaction: one.raw as TransactionSerialized });
  expect(from.toLowerCase()).toBe(signer.address);
});

test('sent twice it is mined once, and the receipt says what it cost', async () => {
  const { raw, hash } = await signed();
  expect(await findReceipt(client, hash)).toBeNull();
  expect(await sendRaw(client, raw)).toEqual({ kind: 'accepted' });
  const receipt = await wait(hash);
  expect((await sendRaw(client, raw)).kind).toBe('known');
  expect(receipt).toMatchObject({ hash, status: 'success', l1FeeWei: '0' });
  expect(JSON.parse(JSON.stringify(receipt))).toEqual(receipt);
  expect(receipt.logs[0]?.address).toBe(chain.addresses.weth.toLowerCase());
});

test('a transaction that reverts has a receipt that says so', async () => {
  const { raw, hash } = await signed({ data: `0xa9059cbb${'ff'.repeat(64)}` });
  await sendRaw(client, raw);
  expect((await wait(hash)).status).toBe('reverted');
});

test('confirmations count the block it is in', async () => {
  const { raw, hash } = await signed();
  await sendRaw(client, raw);
  let settled = false;
  const waiting = wait(hash, { confirmations: 3 }).finally(() => {
    settled = true;
  });
  await wait(hash);
  await local.mine({ blocks: 1 });
  expect(settled).toBe(false);
  await local.mine({ blocks: 1 });
  expect((await waiting).status).toBe('success');
});

test('what the node dropped is offered again and mined', async () => {
  await local.setAutomine(false);
  try {
    const { raw, hash } = await signed();
    await sendRaw(client, raw);
    await local.dropTransaction({ hash });
    let looks = 0;
    const waiting = wait(hash, {
      unseen: async () => {
        looks += 1;
        if (looks !== 3) return;
        await sendRaw(client, raw);
        await local.mine({ blocks: 1 });
      },
    });
    expect((await waiting).hash).toBe(hash);
    expect(looks).toBe(3);
  } finally {
    await local.setAutomine(true);
  }
});

test('a receipt that nobody else confirms is none yet; it is asked for again until they do', async () => {
  const { raw, hash } = await signed();
  await sendRaw(client, raw);
  const answers = [false, false, true];
  expect((await wait(hash, { agrees: async () => answers.shift() ?? true })).hash).toBe(hash);
  expect(answers).toEqual([]);
});

test('bytes that pay less than the block asks are underpriced, which is no refusal for good', async () => {
  const poor = await signer.sign({ ...(await unsigned()), maxFeePerGasWei: 1n, maxPriorityFeePerGasWei: 1n });
  expect((await sendRaw(client, poor)).kind).toBe('underpriced');
  expect(readSigned(poor)).toEqual({ ...(await unsigned()), maxFeePerGasWei: 1n, maxPriorityFeePerGasWei: 1n });
});

test('a node that takes the bytes and drops the answer leaves the send unknown; the receipt decides', async () => {
  const proxy = await listening(
    createServer(async (request, response) => {
      const body = await textOf(request);
      await fetch(chain.rpcUrl, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
      response.destroy();
    }),
  );
  try {
    const { raw, hash } = await signed();
    const cut = openWalletClient({ name: 'local', settings: settingsOf(`${proxy.url}/v2/a-secret-key`) });
    const answer = await sendRaw(cut, raw);
    expect(answer.kind).toBe('unknown');
    expect(JSON.stringify(answer)).not.toContain('a-secret-key');
    expect((await wait(hash)).status).toBe('success');
  } finally {
    proxy.server.close();
  }
});

test('a preflight says why the chain would refuse, and leaves room in the gas limit', async () => {
  const approve = { to: chain.addresses.weth, data: encodeApproval(chain.addresses.swapRouter, 12_345n) };
  const passes = await preflight(client, signer.address, approve);
  if (passes.kind !== 'passes') throw new Error(passes.reason);
  const bare = await local.estimateGas({ account: signer.address, ...approve });
  expect(passes.gasLimit).toBe((bare * 13n + 9n) / 10n);
  const burn = `0x42966c68${'00'.repeat(31)}01` as const;
  const reverts = await preflight(client, signer.address, { to: chain.addresses.positionManager, data: burn });
  expect(reverts).toMatchObject({ kind: 'reverts' });
});

test('a dead node is no revert', async () => {
  const dead = openWalletClient({ name: 'local', settings: settingsOf('http://127.0.0.1:9') });
  await expect(preflight(dead, signer.address, { to: chain.addresses.weth, data: '0x' })).rejects.toThrow();
});

test('calls are simulated one on top of the other, and null says that a node cannot', async () => {
  const call = (amount: bigint) => ({
    to: chain.addresses.weth,
    data: encodeApproval(chain.addresses.swapRouter, amount),
  });
  const results = await simulate(client, signer.address, [call(0n), call(5n), call(6n)]);
  expect(results?.map((result) => result.status)).toEqual(['success', 'success', 'success']);
  // Only from zero to something costs the full price of a new slot.
  expect(results![1]!.gasUsed).toBeGreaterThan(results![2]!.gasUsed);
  const old = await listening(
    createServer(async (request, response) => {
      const calls: { id: number }[] = [JSON.parse(await textOf(request))].flat();
      const answers = calls.map(({ id }) => ({
        jsonrpc: '2.0',
        id,
        error: { code: -32601, message: 'the method eth_simulateV1 does not exist/is not available' },
      }));
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answers));
    }),
  );
  try {
    const oldClient = openWalletClient({ name: 'local', settings: settingsOf(old.url) });
    expect(await simulate(oldClient, signer.address, [call(0n)])).toBeNull();
  } finally {
    old.server.close();
  }
});

test('a key file is read without saying the key, and a loose mode is noticed', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'rangeward-key-'));
  try {
    const path = join(dir, 'key');
    await writeFile(path, `${chain.accounts.operator.privateKey}\n`, { mode: 0o400 });
    expect(await signerFromKeyFile(path)).toMatchObject({ signer: { address: signer.address }, othersMayRead: false });
    await chmod(path, 0o644);
    expect((await signerFromKeyFile(path)).othersMayRead).toBe(true);
    await rm(path, { force: true });
    await expect(signerFromKeyFile(path)).rejects.toThrow(/ENOENT/);
    const wrong = `${chain.accounts.operator.privateKey}00`;
    expect(() => signerFromKey(wrong)).toThrow(/64 hex digits/);
    expect(() => signerFromKey(wrong)).not.toThrow(new RegExp(wrong.slice(4, 40)));
    expect(() => signerFromKey('00'.repeat(32))).toThrow(/not a valid one/);
  } finally {
    await rm(dir, { recursive: true });
  }
});

async function listening(server: Server): Promise<{ server: Server; url: string }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, url: `http://127.0.0.1:${address.port}` };
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}
