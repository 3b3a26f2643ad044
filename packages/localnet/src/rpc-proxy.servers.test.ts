import { createPublicClient, createWalletClient, http, parseGwei, webSocket } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { operator } from './accounts.ts';
import { type Anvil, startAnvil } from './anvil.ts';
import { faultFor, lagBehind, type RpcProxy, startRpcProxy } from './rpc-proxy.ts';

let anvil: Anvil;
let proxy: RpcProxy;

beforeAll(async () => {
  anvil = await startAnvil({ noMining: true });
  proxy = await startRpcProxy({ upstreamUrl: anvil.rpcUrl, enforceReplacement: true });
});
const undo: (() => void)[] = [];
afterEach(() => {
  for (const end of undo.splice(0)) end();
});
afterAll(async () => {
  await proxy?.stop();
  await anvil?.stop();
});

const through = () => createPublicClient({ transport: http(proxy.url, { retryCount: 0, timeout: 2_000 }) });
const direct = () => createPublicClient({ transport: http(anvil.rpcUrl) });
const mine = (blocks: number) => direct().request({ method: 'anvil_mine', params: [blocks] } as never);
const account = privateKeyToAccount(operator.privateKey);

function transfer(feeGwei: string): Promise<`0x${string}`> {
  return account.signTransaction({
    chainId: 31337,
    nonce: 0,
    to: account.address,
    gas: 21_000n,
    type: 'eip1559',
    maxFeePerGas: parseGwei(feeGwei),
    maxPriorityFeePerGas: parseGwei(feeGwei) / 10n,
  });
}

test('passes on what nobody spoils, batches and WebSockets too', async () => {
  expect(await through().getChainId()).toBe(31337);
  const batch = await fetch(proxy.url, {
    method: 'POST',
    body: JSON.stringify([1, 2].map((id) => ({ jsonrpc: '2.0', id, method: 'eth_chainId', params: [] }))),
  });
  expect(await batch.json()).toMatchObject([
    { id: 1, result: '0x7a69' },
    { id: 2, result: '0x7a69' },
  ]);
  const socket = webSocket(proxy.wsUrl)({ retryCount: 0 });
  expect(await socket.request({ method: 'eth_chainId' })).toBe('0x7a69');
  const rpc = await socket.value?.getRpcClient();
  const closed = new Promise((resolve) => rpc?.socket.addEventListener('close', resolve));
  proxy.cutSockets();
  await closed;
});

test('takes a transaction and loses the answer', async () => {
  undo.push(proxy.misbehave(faultFor(['eth_sendRawTransaction'], { kind: 'swallow' }, 1)));
  const wallet = createWalletClient({ account, transport: http(proxy.url, { retryCount: 0 }) });
  const raw = await transfer('3');
  await expect(wallet.sendRawTransaction({ serializedTransaction: raw })).rejects.toThrow();
  expect(await direct().getTransactionCount({ address: account.address, blockTag: 'pending' })).toBe(1);
});

test('refuses a replacement that pays less than a tenth more, in the words of geth', async () => {
  const wallet = createWalletClient({ account, transport: http(proxy.url, { retryCount: 0 }) });
  const dearer = await transfer('3.2');
  await expect(wallet.sendRawTransaction({ serializedTransaction: dearer })).rejects.toThrow(
    'replacement transaction underpriced',
  );
  await wallet.sendRawTransaction({ serializedTransaction: await transfer('3.4') });
});

test('lags: head, state and receipts are those of some blocks ago', async () => {
  await mine(3);
  const head = await direct().getBlockNumber();
  const [before, hash] = await Promise.all([
    direct().getTransactionCount({ address: account.address }),
    direct().getBlock({ blockNumber: head - 2n }),
  ]);
  expect(before).toBe(1);
  const [mined] = hash.transactions;
  if (mined === undefined) throw new Error('the transaction was to be in the first of the three blocks');
  undo.push(proxy.misbehave(lagBehind(3)));
  expect(await through().request({ method: 'eth_blockNumber' })).toBe(`0x${(head - 3n).toString(16)}`);
  expect(await through().getTransactionCount({ address: account.address })).toBe(0);
  const receipt = { method: 'eth_getTransactionReceipt' as const, params: [mined] as [`0x${string}`] };
  expect(await through().request(receipt)).toBeNull();
  expect(await direct().request(receipt)).toMatchObject({ status: '0x1' });
});

test.each([
  { kind: 'unavailable' as const, message: '503' },
  { kind: 'answer' as const, answer: { error: { code: -32005, message: 'too many requests' } }, message: 'too many' },
])('answers with $message', async ({ message, ...fault }) => {
  undo.push(proxy.misbehave(faultFor(['eth_chainId'], fault)));
  await expect(through().getChainId()).rejects.toThrow(message);
});

test('a call that is held up comes late, and one that hangs ends with the proxy', async () => {
  const own = await startRpcProxy({ upstreamUrl: anvil.rpcUrl });
  own.misbehave(faultFor(['eth_chainId'], { kind: 'delay', delayMs: 30 }));
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  own.misbehave(({ method }) => {
    if (method !== 'eth_gasPrice') return null;
    arrive();
    return { kind: 'hang' };
  });
  const client = createPublicClient({ transport: http(own.url, { retryCount: 0 }) });
  const startedMs = performance.now();
  expect(await client.getChainId()).toBe(31337);
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(29);
  const hanging = expect(client.getGasPrice()).rejects.toThrow();
  await arrived;
  await own.stop();
  await hanging;
  expect(own.asked).toEqual(['eth_chainId', 'eth_gasPrice']);
});
