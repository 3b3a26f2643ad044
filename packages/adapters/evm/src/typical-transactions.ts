import { type Address, type Hex, serializeTransaction } from 'viem';
import { encodeApproval } from './encode-approval.ts';
import { appendMarker } from './encode-marker.ts';
import { encodeCollection, encodeMint, encodeWithdrawal } from './encode-position-manager.ts';
import { encodeSwap } from './encode-swap.ts';
import type { KnownChain } from './known-chains.ts';

/** The transactions that plans are made of, one of each kind. */
type TypicalTransactions = Readonly<Record<'withdraw' | 'approve' | 'swap' | 'mint' | 'collect', Hex>>;

/** How many of each kind an action sends, taking approvals back included, when none of them can be left out. */
export const transactionsOf = {
  rebalance: { withdraw: 1, approve: 6, swap: 1, mint: 1 },
  rebalanceWithoutSwap: { withdraw: 1, approve: 4, mint: 1 },
  collect: { collect: 1 },
  exit: { withdraw: 1 },
} as const satisfies Record<string, Partial<Record<keyof TypicalTransactions, number>>>;

// Neither round nor repeated, since a rollup charges for what is left after compression.
const wallet: Address = '0x9c3f5b1e7a264d80c1f7e2b65a90d34187fe6b2d';
const token0: Address = '0x4200000000000000000000000000000000000006';
const token1: Address = '0x833589fcd6edb6e08f4c7c32d4f71b54bda02913';
const planId = '7d1b0c9e42f6a85d3c17e0b94f6a2d58c3917be604fd2a85b91c60e7d43fa812';
const deadlineS = 1_793_264_451n;
const [amount0, amount1] = [8_374_650_192_837_465_019n, 27_364_519_283n];

/** Unsigned and serialised, with amounts, ids and markers as they are in life: for the fee that a rollup takes for data. */
export function typicalTransactions(known: KnownChain): TypicalTransactions {
  const { positionManager, swapRouter, routerKind, chainId } = known;
  const send = (to: Address, data: Hex) =>
    serializeTransaction({
      ...{ type: 'eip1559', chainId, to, data, nonce: 1_347, gas: 412_703n },
      ...{ maxFeePerGas: 13_274_916n, maxPriorityFeePerGas: 1_043_277n },
    });
  const marked = (to: Address, data: Hex, step: number) => send(to, appendMarker(data, { planId, step }));
  const [amount0Min, amount1Min] = [amount0 - amount0 / 200n, amount1 - amount1 / 200n];
  const tokenId = 4_837_265n;
  const range = { tickLower: -197_260, tickUpper: -196_460 };
  const withdrawal = {
    tokenId,
    liquidity: 736_451_928_374_651_928n,
    amount0Min,
    amount1Min,
    recipient: wallet,
    deadlineS,
  };
  const minting = { token0, token1, feePips: 500, ...range, amount0Desired: amount0, amount1Desired: amount1 };
  const trade = { tokenIn: token0, tokenOut: token1, feePips: 500, recipient: wallet, deadlineS };
  const swap = encodeSwap(routerKind, {
    ...trade,
    ...{ amountIn: amount0, amountOutMinimum: amount1Min, sqrtPriceLimitX96: 4_339_505_179_874_779_489_431_521n },
  });
  return {
    withdraw: marked(positionManager, encodeWithdrawal(withdrawal), 0),
    approve: send(token0, encodeApproval(positionManager, amount0)),
    swap: marked(swapRouter, swap, 2),
    mint: marked(positionManager, encodeMint({ ...minting, amount0Min, amount1Min, recipient: wallet, deadlineS }), 5),
    collect: marked(positionManager, encodeCollection({ tokenId, recipient: wallet }), 9),
  };
}
