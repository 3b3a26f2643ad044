import { traders } from '@rangeward/localnet/accounts';
import type { LocalChain } from '@rangeward/localnet/chain-state';
import { describePool, readPoolPrice, routerCall } from '@rangeward/localnet/drive-pool';
import { localClient } from '@rangeward/localnet/local-client';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';

/** Moves the price of a chain's pool, a block at a time. */
export type PriceMover = {
  /** Sends the swap that ends at this tick; it waits for the next block. */
  prepare(tick: number): Promise<void>;
  /** Mines the block; resolves when the node has answered. */
  mine(): Promise<void>;
};

/** Nothing is mined from here on but what the mover mines. */
export async function createPriceMover(chain: LocalChain): Promise<PriceMover> {
  const client = localClient(chain.rpcUrl);
  const { usdc, weth } = chain.addresses;
  const pool = await describePool(client, { pool: chain.pool, usdc, weth });
  const trader = traders[0].address;
  await client.setAutomine(false);
  return {
    async prepare(tick) {
      const { sqrtPriceX96 } = await readPoolPrice(client, pool);
      const sqrtPriceLimitX96 = getSqrtRatioAtTick(tick);
      const order = { zeroForOne: sqrtPriceLimitX96 < sqrtPriceX96, amountIn: 1n << 128n, sqrtPriceLimitX96 };
      const { to, data } = routerCall(pool, order, trader);
      await client.sendUnsignedTransaction({ from: trader, to, data, gas: 2_000_000n });
    },
    async mine() {
      await client.request({ method: 'evm_mine', params: undefined } as never);
    },
  };
}
