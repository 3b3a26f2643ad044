import { positionManagerAbi, quoterAbi, tokenAbi } from '@rangeward/adapter-evm/abis';
import { preflight } from '@rangeward/adapter-evm/transactions';
import type { WalletState } from '@rangeward/adapter-evm/wallet-state';
import type { Plan } from '@rangeward/contracts';
import {
  type Amounts,
  amountsForLiquidityRoundingUp,
  liquidityForAmounts,
} from '@rangeward/uniswap-v3/liquidity-amounts';
import { decodeAbiParameters, decodeFunctionData, decodeFunctionResult, type Hex } from 'viem';
import { simulateContract } from 'viem/actions';
import { mintable, type PoolNow, type Step, tokenOf, wantedSwap } from './plan-steps.ts';
import { followingStep, type Rehearsal, type Rehearsed } from './rehearsal.ts';
import type { StepFacts } from './step-facts.ts';
import { targetNow } from './target-now.ts';
import type { WalletTools } from './wallet-tools.ts';

/** Gas as measured on the real contracts, for steps that cannot be tried before those ahead of them were done. */
const MEASURED_GAS = { approval: 55_000n, swap: 180_000n, mint: 470_000n } as const;

/**
 * For nodes without eth_simulateV1: the first step is tried by eth_call, the swap is quoted, the mint is reckoned. It is less than a
 * simulation in a row, and says so.
 */
export async function tryStepsApart(tools: WalletTools, plan: Plan, chain: WalletState): Promise<Rehearsal> {
  const steps: Rehearsed[] = [];
  const how = 'the node cannot simulate in a row: first step tried by eth_call, swap quoted, mint reckoned';
  for (;;) {
    const { step, pool } = followingStep(plan, tools.site, chain, steps);
    if (step === null) return { steps, failure: null, how };
    const tried = await tryStep(tools, plan, step, steps, pool);
    if ('reason' in tried) return { steps, failure: { step: step.name, reason: tried.reason }, how };
    steps.push({ name: step.name, priceBeforeX96: pool.sqrtPriceX96, ...tried });
  }
}

type Tried = { readonly facts: StepFacts; readonly gasUsed: bigint } | { readonly reason: string };

function tryStep(
  tools: WalletTools,
  plan: Plan,
  step: Step,
  done: readonly Rehearsed[],
  pool: PoolNow,
): Promise<Tried> | Tried {
  switch (step.name) {
    case 'withdraw':
    case 'collect':
      return tryFirst(tools, step);
    case 'swap':
      return quote(tools, plan, done, pool);
    case 'mint':
      return reckonMint(plan, done, pool);
    default:
      return approval(step);
  }
}

async function tryFirst(tools: WalletTools, step: Step): Promise<Tried> {
  const trial = await preflight(tools.client, tools.wallet, step.call);
  if (trial.kind === 'reverts') return { reason: trial.reason };
  const [decrease, collect] = step.name === 'withdraw' ? innerResults(trial.returned) : [undefined, trial.returned];
  const principal = decrease === undefined ? { amount0: 0n, amount1: 0n } : pairOf(decrease);
  const all = pairOf(collect ?? '0x');
  const fees = { amount0: all.amount0 - principal.amount0, amount1: all.amount1 - principal.amount1 };
  // The limit holds 30 % that are not used.
  return { facts: { kind: 'withdrawn', principal, fees }, gasUsed: (trial.gasLimit * 10n) / 13n };
}

function innerResults(returned: Hex): readonly Hex[] {
  return decodeFunctionResult({ abi: positionManagerAbi, functionName: 'multicall', data: returned });
}

/** decreaseLiquidity and collect both return two amounts. */
function pairOf(returned: Hex): Amounts {
  const [amount0, amount1] = decodeAbiParameters([{ type: 'uint256' }, { type: 'uint256' }], returned);
  return { amount0, amount1 };
}

async function quote(tools: WalletTools, plan: Plan, done: readonly Rehearsed[], pool: PoolNow): Promise<Tried> {
  const wanted = wantedSwap({ plan, done, pool });
  if (wanted === null) throw new Error('a swap that nobody wants was asked for');
  const { zeroForOne, amountIn } = wanted;
  const { result } = await simulateContract(tools.client, {
    address: tools.quoter,
    abi: quoterAbi,
    functionName: 'quoteExactInputSingle',
    args: [
      {
        tokenIn: tokenOf(plan, zeroForOne ? 0 : 1),
        tokenOut: tokenOf(plan, zeroForOne ? 1 : 0),
        amountIn,
        fee: plan.market.pool.feePips,
        sqrtPriceLimitX96: 0n,
      },
    ],
  });
  const [amountOut, sqrtPriceAfterX96] = result;
  const facts = { kind: 'swapped', zeroForOne, amountIn, amountOut, sqrtPriceAfterX96 } as const;
  return { facts, gasUsed: MEASURED_GAS.swap };
}

function reckonMint(plan: Plan, done: readonly Rehearsed[], pool: PoolNow): Tried {
  const range = targetNow(plan, pool.sqrtPriceX96);
  const at = { ...range, sqrtPriceX96: pool.sqrtPriceX96 };
  const liquidity = liquidityForAmounts({ ...at, ...mintable(done) });
  const amounts = amountsForLiquidityRoundingUp({ ...at, liquidity });
  return { facts: { kind: 'minted', tokenId: 0n, liquidity, amounts, range }, gasUsed: MEASURED_GAS.mint };
}

function approval(step: Step): Tried {
  const call = decodeFunctionData({ abi: tokenAbi, data: step.call.data });
  if (call.functionName !== 'approve') throw new Error(`${step.name} is not an approval`);
  const [spender, amount] = call.args;
  return { facts: { kind: 'approved', token: step.call.to, spender, amount }, gasUsed: MEASURED_GAS.approval };
}
