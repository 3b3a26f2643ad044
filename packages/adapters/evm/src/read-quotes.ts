import { type Address, parseAbi } from 'viem';
import type { BlockHeader } from './block-header.ts';
import { toChainError } from './chain-error.ts';
import type { ChainReader } from './client.ts';
import { atBlock, isRevert, type PoolReading } from './read-pool.ts';

/** A swap in a pool as QuoterV2 answered it, wei. */
export type Quote = { readonly zeroForOne: boolean; readonly amountIn: bigint; readonly amountOut: bigint };

/** The quoter reverts inside and changes nothing; asked by eth_call it is a view, though it is not declared as one. */
const quoterViewAbi = parseAbi([
  'struct QuoteExactInputSingleParams { address tokenIn; address tokenOut; uint256 amountIn; uint24 fee; uint160 sqrtPriceLimitX96; }',
  'function quoteExactInputSingle(QuoteExactInputSingleParams params) view returns (uint256 amountOut, uint160 sqrtPriceX96After, uint32 initializedTicksCrossed, uint256 gasEstimate)',
]);

/**
 * Quotes swaps at exactly `block`, in one JSON-RPC batch. What the pool would refuse is left out, like an amount of 0.
 * Throws ChainError when the node fails.
 */
export async function readQuotes(
  chain: ChainReader,
  pool: PoolReading,
  wanted: readonly Pick<Quote, 'zeroForOne' | 'amountIn'>[],
  block: Pick<BlockHeader, 'hash'>,
): Promise<Quote[]> {
  try {
    const quotes = await Promise.all(
      wanted
        .filter(({ amountIn }) => amountIn > 0n)
        .map(async ({ zeroForOne, amountIn }) => {
          const tokens: [Address, Address] = zeroForOne ? [pool.token0, pool.token1] : [pool.token1, pool.token0];
          const amountOut = await readQuote(chain, pool.feePips, tokens, amountIn, block);
          return amountOut === null ? [] : [{ zeroForOne, amountIn, amountOut }];
        }),
    );
    return quotes.flat();
  } catch (cause) {
    throw toChainError(chain.name, `quoting swaps in ${pool.address}`, cause);
  }
}

async function readQuote(
  chain: ChainReader,
  fee: number,
  [tokenIn, tokenOut]: readonly [Address, Address],
  amountIn: bigint,
  block: Pick<BlockHeader, 'hash'>,
): Promise<bigint | null> {
  try {
    const [amountOut] = await chain.client.readContract({
      address: chain.known.quoter,
      abi: quoterViewAbi,
      functionName: 'quoteExactInputSingle',
      args: [{ tokenIn, tokenOut, amountIn, fee, sqrtPriceLimitX96: 0n }],
      ...atBlock(block),
    });
    return amountOut;
  } catch (cause) {
    if (isRevert(cause)) return null;
    throw cause;
  }
}
