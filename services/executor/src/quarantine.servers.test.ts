import { openWalletClient } from '@rangeward/adapter-evm/wallet-client';
import { type LocalChain, loadChain } from '@rangeward/localnet/chain-state';
import { type LocalClient, localClient } from '@rangeward/localnet/local-client';
import { privateKeyToAccount } from 'viem/accounts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { awaitQuiet, InQuarantine } from './quarantine.ts';

let chain: LocalChain;
let client: LocalClient;

beforeEach(async () => {
  chain = await loadChain({ noMining: true });
  client = localClient(chain.rpcUrl);
});
afterEach(() => chain.stop());

const clientOf = (rpcUrl: string) => {
  const of = { chainId: 31337, rpcUrl, contracts: {}, confirmations: 1, reorgDepth: 12, pollMs: 50, pools: {} };
  return openWalletClient({ name: 'local', settings: of });
};

/** Waits for three blocks without anything, as long as allowed. */
function quiet(timeoutMs: number, second: ReturnType<typeof clientOf> | null = null) {
  const wallet = chain.accounts.operator.address.toLowerCase() as `0x${string}`;
  const { signal } = new AbortController();
  return awaitQuiet(clientOf(chain.rpcUrl), { wallet, second, blocks: 3, pollMs: 5, timeoutMs, signal });
}

async function send(): Promise<void> {
  const account = privateKeyToAccount(chain.accounts.operator.privateKey);
  await client.sendTransaction({ account, to: account.address, gas: 21_000n });
}

test('it ends with the nonce once nothing is pending and so many blocks have passed', async () => {
  await send();
  const waiting = quiet(20_000);
  let over = false;
  waiting.finally(() => {
    over = true;
  });
  await client.mine({ blocks: 1 });
  const address = chain.accounts.operator.address;
  const nonce = await client.getTransactionCount({ address });
  for (let block = 0; block < 3; block++) await client.mine({ blocks: 1 });
  // The first look after the transaction was mined begins the count, and it may have come late.
  while (!over) await client.mine({ blocks: 1 });
  expect(await waiting).toBe(nonce);
});

test('a transaction that stays pending keeps it closed', async () => {
  await client.mine({ blocks: 5 });
  await send();
  await expect(quiet(300)).rejects.toThrow(InQuarantine);
});

test('without a new block, and with a second provider that says otherwise, it stays closed', async () => {
  await expect(quiet(200)).rejects.toThrow(/did not come to rest/);
  const other = await loadChain();
  try {
    const theirs = localClient(other.rpcUrl);
    const account = privateKeyToAccount(other.accounts.operator.privateKey);
    await theirs.sendTransaction({ account, to: account.address, gas: 21_000n });
    const waiting = expect(quiet(500, clientOf(other.rpcUrl))).rejects.toThrow(/two that differ/);
    for (let block = 0; block < 5; block++) await client.mine({ blocks: 1 });
    await waiting;
  } finally {
    await other.stop();
  }
});
