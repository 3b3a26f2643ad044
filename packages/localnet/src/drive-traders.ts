import { type Address, encodeFunctionData, type Hex, maxUint256 } from 'viem';
import { traders } from './accounts.ts';
import { addresses } from './addresses.ts';
import { mintAbi, tokenAbi, wethAbi } from './contract-abis.ts';
import type { RouterOrder } from './drive-order.ts';
import type { DrivenPool } from './drive-pool.ts';
import type { LocalClient } from './local-client.ts';

/**
 * The accounts the market trades as, with nonces counted here: asking the node before each transaction would double the
 * round trips. The node holds the keys (they are its development accounts) and signs.
 */
export type Traders = {
  /** Sends a call in the block being made; earlier calls of a block come first in it. Rejects when the node refuses it. */
  send(trader: Address, call: TraderCall, placeInBlock: number): Promise<Hex>;
};

type TraderCall = { readonly to: Address; readonly data: Hex; readonly value?: bigint };

/** Whoever knows a price trades as the first account, so that those swaps keep their order whatever the node sorts by. */
export function traderOf(order: RouterOrder, placeInBlock: number): Address {
  const [informed, ...noise] = traders;
  const account = order.sqrtPriceLimitX96 === 0n ? noise[placeInBlock % noise.length] : informed;
  return (account ?? informed).address;
}

/**
 * What a trader holds at the start, at least; whoever has less gets twice as much (USDC by the mock's mint, WETH by
 * depositing, ETH by anvil_setBalance). Nobody needs to be watched afterwards: a billion noise swaps of either side sum to
 * some two billion dollars, over three traders, and who follows a price pays no more than the pool's liquidity lets in.
 */
const least = { usdc: 10n ** 15n, weth: 250_000n * 10n ** 18n, gasMoney: 10n ** 21n };

/**
 * Gives the traders what they lack, and the router its allowances, in one block a second after the latest. A chain on
 * which they have it all, like the prepared one, is left as it is. Automatic mining must be off.
 */
export async function openTraders(client: LocalClient, pool: DrivenPool): Promise<Traders> {
  const nonces = new Map<Address, number>();
  for (const { address } of traders) {
    nonces.set(address, await client.getTransactionCount({ address, blockTag: 'pending' }));
  }
  const sender = traderSender(client, nonces);
  const calls = await Promise.all(traders.map(({ address }) => fundingCalls(client, pool, address)));
  let sent = 0;
  for (const [index, { address }] of traders.entries()) {
    for (const call of calls[index] ?? []) await sender.send(address, call, sent++);
  }
  if (sent > 0) {
    const { timestamp } = await client.getBlock();
    await client.setNextBlockTimestamp({ timestamp: timestamp + 1n });
    await client.mine({ blocks: 1 });
  }
  return sender;
}

async function fundingCalls(client: LocalClient, pool: DrivenPool, trader: Address): Promise<TraderCall[]> {
  const token = async (address: Address): Promise<{ balance: bigint; allowance: bigint }> => {
    const read = { address, abi: tokenAbi } as const;
    const [balance, allowance] = await Promise.all([
      client.readContract({ ...read, functionName: 'balanceOf', args: [trader] }),
      client.readContract({ ...read, functionName: 'allowance', args: [trader, addresses.swapRouter] }),
    ]);
    return { balance, allowance };
  };
  const [usdc, weth, gasMoney] = await Promise.all([
    token(pool.usdc),
    token(pool.weth),
    client.getBalance({ address: trader }),
  ]);
  const deposit = weth.balance < least.weth ? 2n * least.weth - weth.balance : 0n;
  if (deposit > 0n || gasMoney < least.gasMoney) {
    await client.setBalance({ address: trader, value: deposit + 2n * least.gasMoney });
  }
  const approve = encodeFunctionData({
    abi: tokenAbi,
    functionName: 'approve',
    args: [addresses.swapRouter, maxUint256],
  });
  const calls: TraderCall[] = [];
  if (usdc.balance < least.usdc) {
    const args = [trader, 2n * least.usdc - usdc.balance] as const;
    calls.push({ to: pool.usdc, data: encodeFunctionData({ abi: mintAbi, functionName: 'mint', args }) });
  }
  if (deposit > 0n) {
    calls.push({ to: pool.weth, data: encodeFunctionData({ abi: wethAbi, functionName: 'deposit' }), value: deposit });
  }
  if (usdc.allowance < least.usdc) calls.push({ to: pool.usdc, data: approve });
  if (weth.allowance < least.weth) calls.push({ to: pool.weth, data: approve });
  return calls;
}

/** Gas limit of every call: a long way over many ticks fits, and some ten of them still fit one block of 30 million. */
const gasLimit = 3_000_000n;

function traderSender(client: LocalClient, nonces: Map<Address, number>): Traders {
  return {
    async send(trader, call, placeInBlock) {
      const nonce = nonces.get(trader);
      if (nonce === undefined) throw new Error(`${trader} is not one of the market's traders.`);
      nonces.set(trader, nonce + 1);
      return client.sendTransaction({
        // `chain: null` spares asking the node for its chain id each time; anvil signs for its own.
        chain: null,
        account: trader,
        ...call,
        nonce,
        gas: gasLimit,
        // The node sorts by fee cap, so a falling cap keeps the order across accounts, and caps far above anybody's put the
        // market first. The tip stays small: what wallets read as the going price must not be driven up by the market.
        maxFeePerGas: 10n ** 13n - BigInt(placeInBlock) * 10n ** 9n,
        maxPriorityFeePerGas: 10n ** 8n,
      });
    },
  };
}
