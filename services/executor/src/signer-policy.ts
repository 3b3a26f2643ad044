import { positionManagerAbi, swapRouter02Abi, swapRouterAbi, tokenAbi } from '@rangeward/adapter-evm/abis';
import { splitMarker } from '@rangeward/adapter-evm/encode-marker';
import type { KnownChain } from '@rangeward/adapter-evm/known-chains';
import type { TransactionToSign } from '@rangeward/adapter-evm/signer';
import type { Amounts } from '@rangeward/uniswap-v3/liquidity-amounts';
import { MAX_TICK } from '@rangeward/uniswap-v3/tick-math';
import { type Abi, type Address, decodeFunctionData, encodeFunctionData, type Hex } from 'viem';
import { leastOfMint, leastOfSwap, leastOfWithdrawal, type OwnMarket, referencePrice } from './least-amounts.ts';

/**
 * The last look at a transaction before it is signed. It knows nothing of how steps are made: it decodes the bytes and
 * asks whether a wallet of this kind may ever sign them for this plan. Everything that is not allowed is refused.
 */
export type SigningRules = {
  readonly chainId: number;
  readonly wallet: Address;
  readonly positionManager: Address;
  readonly swapRouter: Address;
  readonly routerKind: KnownChain['routerKind'];
  /** The configured pool. */
  readonly token0: Address;
  readonly token1: Address;
  readonly feePips: number;
  /** The plan and the step that it is signed for. */
  readonly planId: string;
  readonly step: number;
  readonly tokenId: bigint;
  /** The most of each token that the spender may be allowed to take for this plan. */
  readonly approvable: { readonly positionManager: Amounts; readonly swapRouter: Amounts };
  /** The pool as the policy reads it itself: least amounts are held against its average price. */
  readonly market: OwnMarket;
  readonly nowBlockS: bigint;
  readonly longestDeadlineS: number;
  /** gas limit times highest fee, wei. */
  readonly maxGasCostWei: bigint;
};

export type PolicyAnswer = { readonly kind: 'allowed' } | { readonly kind: 'refused'; readonly reason: string };

const allowed: PolicyAnswer = { kind: 'allowed' };
const refused = (reason: string): PolicyAnswer => ({ kind: 'refused', reason });

/** Whether these bytes may be signed, or the first reason why not. */
export function checkTransaction(transaction: TransactionToSign, rules: SigningRules): PolicyAnswer {
  if (transaction.chainId !== rules.chainId) return refused(`chain id ${transaction.chainId}, not ${rules.chainId}`);
  const gasCostWei = transaction.gasLimit * transaction.maxFeePerGasWei;
  if (gasCostWei > rules.maxGasCostWei) return refused(`gas may cost ${gasCostWei} wei, over ${rules.maxGasCostWei}`);
  if (transaction.maxPriorityFeePerGasWei > transaction.maxFeePerGasWei) return refused('tip above the whole fee');
  const to = lower(transaction.to);
  if (to === rules.token0 || to === rules.token1) return checkToken(to, transaction.data, rules);
  if (to !== rules.positionManager && to !== rules.swapRouter) return refused(`${to} is not an allowed contract`);
  const parts = splitMarker(lower(transaction.data));
  if (parts === null) return refused('calldata without a plan marker');
  if (parts.marker.planId !== rules.planId) return refused('the marker names another plan');
  if (parts.marker.step !== rules.step) return refused(`the marker names step ${parts.marker.step}`);
  return to === rules.positionManager ? checkManager(parts.body, rules, 0) : checkRouter(parts.body, rules);
}

function checkToken(token: Address, data: Hex, rules: SigningRules): PolicyAnswer {
  const call = decodeCanonical(tokenAbi, lower(data));
  if (call?.functionName !== 'approve') return refused('tokens may only be approved');
  const [spender, amount] = call.args as readonly [Address, bigint];
  const to = lower(spender);
  if (to !== rules.positionManager && to !== rules.swapRouter) return refused(`${to} may not be approved`);
  if (amount >= 1n << 128n) return refused('an approval without bound');
  const most = rules.approvable[to === rules.positionManager ? 'positionManager' : 'swapRouter'];
  const bound = token === rules.token0 ? most.amount0 : most.amount1;
  return amount > bound
    ? refused(`an approval of ${amount}, where the plan has no use for more than ${bound}`)
    : allowed;
}

type Decrease = { tokenId: bigint; liquidity: bigint; amount0Min: bigint; amount1Min: bigint; deadline: bigint };
type Collect = { tokenId: bigint; recipient: Address };
type Mint = {
  token0: Address;
  token1: Address;
  fee: number;
  recipient: Address;
  tickLower: number;
  tickUpper: number;
  amount0Desired: bigint;
  amount1Desired: bigint;
  amount0Min: bigint;
  amount1Min: bigint;
  deadline: bigint;
};

function checkManager(body: Hex, rules: SigningRules, depth: number): PolicyAnswer {
  const call = decodeCanonical(positionManagerAbi, body);
  switch (call?.functionName) {
    case 'multicall': {
      if (depth > 0) return refused('a multicall inside a multicall');
      const [inner] = call.args as readonly [readonly Hex[]];
      if (inner.length === 0) return refused('an empty multicall');
      return (
        inner.map((data) => checkManager(data, rules, depth + 1)).find((answer) => answer.kind === 'refused') ?? allowed
      );
    }
    case 'decreaseLiquidity':
      return checkDecrease(argument<Decrease>(call.args), rules);
    case 'collect':
      return checkCollect(argument<Collect>(call.args), rules);
    case 'mint':
      return depth > 0 ? refused('a mint inside a multicall') : checkMint(argument<Mint>(call.args), rules);
    default:
      return refused(`the position manager may not be asked for ${call?.functionName ?? 'something unknown'}`);
  }
}

function checkDecrease(args: Decrease, rules: SigningRules): PolicyAnswer {
  if (args.tokenId !== rules.tokenId) return refused(`NFT ${args.tokenId} is not the plan’s`);
  if (args.amount0Min === 0n && args.amount1Min === 0n) return refused('a withdrawal without least amounts');
  const { position } = rules.market;
  if (position === null) return refused('there is no such position to withdraw from');
  const least = checkLeast('withdrawal', args, rules, (sqrtPriceX96) =>
    leastOfWithdrawal({ ...position, liquidity: args.liquidity, sqrtPriceX96 }),
  );
  return least.kind === 'refused' ? least : checkDeadline(args.deadline, rules);
}

function checkCollect(args: Collect, rules: SigningRules): PolicyAnswer {
  if (args.tokenId !== rules.tokenId) return refused(`NFT ${args.tokenId} is not the plan’s`);
  return checkRecipient(args.recipient, rules);
}

function checkMint(args: Mint, rules: SigningRules): PolicyAnswer {
  if (lower(args.token0) !== rules.token0 || lower(args.token1) !== rules.token1)
    return refused('not the pool’s tokens');
  if (args.fee !== rules.feePips) return refused(`fee ${args.fee} is not the pool’s`);
  if (args.amount0Min === 0n && args.amount1Min === 0n) return refused('a mint without least amounts');
  const { tickLower, tickUpper } = args;
  if (tickLower >= tickUpper || Math.max(-tickLower, tickUpper) > MAX_TICK) return refused('not a range of ticks');
  const wanted = { amount0: args.amount0Desired, amount1: args.amount1Desired };
  const least = checkLeast('mint', args, rules, (sqrtPriceX96) =>
    leastOfMint({ tickLower, tickUpper, ...wanted, sqrtPriceX96 }),
  );
  if (least.kind === 'refused') return least;
  const deadline = checkDeadline(args.deadline, rules);
  return deadline.kind === 'refused' ? deadline : checkRecipient(args.recipient, rules);
}

/** Least amounts against those of the policy's own quote. */
function checkLeast(
  what: string,
  said: { readonly amount0Min: bigint; readonly amount1Min: bigint },
  { market }: SigningRules,
  quote: (sqrtPriceX96: bigint) => Amounts,
): PolicyAnswer {
  const price = referencePrice(market);
  if (typeof price === 'string') return refused(price);
  const { amount0, amount1 } = quote(price);
  if (said.amount0Min >= amount0 && said.amount1Min >= amount1) return allowed;
  return refused(
    `a ${what} that insists on ${said.amount0Min} and ${said.amount1Min}, under the policy’s own ${amount0} and ${amount1}`,
  );
}

type Swap = {
  tokenIn: Address;
  tokenOut: Address;
  fee: number;
  recipient: Address;
  amountIn: bigint;
  amountOutMinimum: bigint;
  sqrtPriceLimitX96: bigint;
  deadline?: bigint;
};

function checkRouter(body: Hex, rules: SigningRules): PolicyAnswer {
  if (rules.routerKind === 'swap-router') {
    const call = decodeCanonical(swapRouterAbi, body);
    if (call?.functionName !== 'exactInputSingle') return refused('the router may only swap in one pool');
    return checkSwap(argument<Swap>(call.args), rules);
  }
  const call = decodeCanonical(swapRouter02Abi, body);
  if (call?.functionName !== 'multicall') return refused('a swap without a deadline');
  const [deadline, inner] = call.args as readonly [bigint, readonly Hex[]];
  const [data] = inner;
  if (data === undefined || inner.length !== 1) return refused('more or less than one swap');
  const swap = decodeCanonical(swapRouter02Abi, data);
  if (swap?.functionName !== 'exactInputSingle') return refused('the router may only swap in one pool');
  return checkSwap({ ...argument<Swap>(swap.args), deadline }, rules);
}

function checkSwap(args: Swap, rules: SigningRules): PolicyAnswer {
  const pair = [lower(args.tokenIn), lower(args.tokenOut)].sort().join();
  if (pair !== [rules.token0, rules.token1].sort().join()) return refused('not the pool’s tokens');
  if (args.fee !== rules.feePips) return refused(`fee ${args.fee} is not the pool’s`);
  if (args.amountOutMinimum === 0n) return refused('a swap without a least amount');
  if (args.sqrtPriceLimitX96 === 0n) return refused('a swap at any price');
  const price = referencePrice(rules.market);
  if (typeof price === 'string') return refused(price);
  const { amountIn, amountOutMinimum } = args;
  const zeroForOne = lower(args.tokenIn) === rules.token0;
  const least = leastOfSwap({ zeroForOne, amountIn, feePips: rules.feePips, sqrtPriceX96: price });
  if (amountOutMinimum < least) {
    return refused(`a swap that insists on ${amountOutMinimum}, under the policy’s own quote of ${least}`);
  }
  const deadline = checkDeadline(args.deadline ?? 0n, rules);
  return deadline.kind === 'refused' ? deadline : checkRecipient(args.recipient, rules);
}

function checkDeadline(deadlineS: bigint, rules: SigningRules): PolicyAnswer {
  const latest = rules.nowBlockS + BigInt(rules.longestDeadlineS);
  if (deadlineS < rules.nowBlockS || deadlineS > latest) return refused(`deadline ${deadlineS} is not within bounds`);
  return allowed;
}

function checkRecipient(recipient: Address, rules: SigningRules): PolicyAnswer {
  return lower(recipient) === rules.wallet ? allowed : refused(`recipient ${lower(recipient)} is not the wallet`);
}

/** Decodes calldata whose canonical encoding is these very bytes; null for anything else. */
function decodeCanonical<const A extends Abi>(abi: A, data: Hex) {
  try {
    const { functionName, args } = decodeFunctionData<Abi>({ abi, data });
    const again = encodeFunctionData<Abi>({ abi, functionName, args: args ?? [] });
    return again === data ? { functionName, args: args ?? [] } : null;
  } catch {
    return null;
  }
}

/** The one struct that these functions take; its shape is the abi's, which just decoded it. */
function argument<T>(args: readonly unknown[]): T {
  return args[0] as T;
}

function lower<T extends Hex>(hex: T): T {
  // Lower case changes neither an address nor calldata.
  return hex.toLowerCase() as T;
}
