import { tokenAbi } from '@rangeward/adapter-evm/abis';
import type { ChainReader } from '@rangeward/adapter-evm/client';
import { type MinedTransaction, readLogs, readTransactions } from '@rangeward/adapter-evm/line-transactions';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { createPlanRecords } from '@rangeward/adapter-redis/plan-records';
import { type Address, type Hex, isAddress, isHex, pad, toEventSelector, zeroHash } from 'viem';
import { z } from 'zod';
import type { PlanEvidence, SentTransaction, WalletEvidence } from './evidence.ts';

const TRANSFER = toEventSelector('Transfer(address,address,uint256)');

/** What the chain shows of the wallet of these plans, all of one chain and owner. Throws ChainError. */
export async function readWallet(
  chain: ChainReader,
  redis: Redis,
  plans: readonly PlanEvidence[],
): Promise<WalletEvidence> {
  const [first] = plans;
  if (first === undefined) throw new Error('a wallet is only known by its plans');
  const wallet = asAddress(first.plan.position.owner);
  const { chainId } = first.plan;
  const { positionManager, swapRouter } = chain.known;
  const records = createPlanRecords(redis, { chainId, wallet });
  // What is written down is read first, so that a step done in between is no step too many.
  const floor = await records.floor();
  const fromBlock = plans.reduce(
    (least, { plan }) => Math.min(least, plan.market.block.number),
    Number.MAX_SAFE_INTEGER,
  );
  const [nonce, transactions, allowances] = await Promise.all([
    chain.client.getTransactionCount({ address: wallet, blockTag: 'latest' }),
    readSent(chain, wallet, plans, fromBlock),
    readAllowances(chain, wallet, plans),
  ]);
  const after = await records.floor();
  return {
    ...{ chain: chain.name, chainId, wallet, nonce, transactions, allowances },
    floor: floor === null ? null : Math.max(floor, after ?? floor),
    allowed: { positionManager, swapRouter },
  };
}

async function readSent(
  chain: ChainReader,
  wallet: Address,
  plans: readonly PlanEvidence[],
  fromBlock: number,
): Promise<SentTransaction[]> {
  const named = plans.flatMap(({ record, trades }) => [
    ...(record?.steps.flatMap(({ hashes }) => hashes) ?? []),
    ...trades.flatMap(({ transactions }) => transactions.flatMap(({ hash }) => (isHex(hash) ? [hash] : []))),
  ]);
  const filter = { address: chain.known.positionManager, topics: [TRANSFER, zeroHash, pad(wallet)] };
  const latest = Number(await chain.client.getBlockNumber());
  const minting = await readLogs(chain, filter, { from: Math.min(fromBlock, latest), to: latest });
  const hashes = [...new Set([...named, ...minting.map(({ txHash }) => txHash)])];
  const mined = (await readTransactions(chain, hashes)).filter((one) => one !== null);
  return Promise.all(mined.map((one) => toSent(chain, wallet, one)));
}

const bare = z.object({
  value: z.string().transform((text) => BigInt(text)),
  input: z.custom<Hex>((value) => isHex(value)),
});

async function toSent(chain: ChainReader, wallet: Address, mined: MinedTransaction): Promise<SentTransaction> {
  const { hash, from, to, nonce, succeeded, feeWei, marker, logs } = mined;
  const { value, input } = bare.parse(await chain.request('eth_getTransactionByHash', [hash]));
  const minted = logs.filter(
    ({ address, topics }) =>
      address === chain.known.positionManager &&
      topics[0] === TRANSFER &&
      topics[1] === zeroHash &&
      topics[2] === pad(wallet),
  ).length;
  return { hash, from, to, nonce, succeeded, feeWei, marker, minted, valueWei: value, input };
}

async function readAllowances(
  chain: ChainReader,
  owner: Address,
  plans: readonly PlanEvidence[],
): Promise<WalletEvidence['allowances']> {
  const { positionManager, swapRouter } = chain.known;
  const pools = plans.map(({ plan }) => plan.market.pool);
  const tokens = new Set(pools.flatMap(({ token0, token1 }) => [asAddress(token0.address), asAddress(token1.address)]));
  const asked = [...tokens].flatMap((token) => [positionManager, swapRouter].map((spender) => ({ token, spender })));
  return Promise.all(
    asked.map(async ({ token, spender }) => {
      const read = { address: token, abi: tokenAbi, functionName: 'allowance', args: [owner, spender] } as const;
      return { token, spender, amount: await chain.client.readContract(read) };
    }),
  );
}

function asAddress(text: string): Address {
  if (!isAddress(text, { strict: false })) throw new Error(`${text} is no address`);
  return text;
}
