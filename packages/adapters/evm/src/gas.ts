import { z } from 'zod';
import { gasPriceOracleAbi } from './abis.ts';
import { ChainError, toChainError } from './chain-error.ts';
import type { ChainReader } from './client.ts';
import { transactionsOf, typicalTransactions } from './typical-transactions.ts';

/** The price of gas as of one block. */
export type Gas = {
  /** Base fee of the block after it, wei. */
  readonly baseFeeWei: bigint;
  /** What the middle of its transactions paid on top, wei. */
  readonly priorityFeeWei: bigint;
  /** Data fee on the layer below for all transactions of a rebalance with a swap; 0 where there is none. */
  readonly l1FeeWei: bigint;
  /** The same of other actions; absent where there is none. */
  readonly l1FeesWei?: { readonly rebalanceWithoutSwap: bigint; readonly collect: bigint; readonly exit: bigint };
};

/** Chains of the OP stack, which charge for data on Ethereum: Base and Base Sepolia. */
const OP_STACK_CHAIN_IDS: ReadonlySet<number> = new Set([8453, 84532]);
const GAS_PRICE_ORACLE = '0x420000000000000000000000000000000000000F';

const quantity = z
  .string()
  .regex(/^0x[0-9a-f]+$/i)
  .transform((text) => BigInt(text));
const feeHistory = z.object({
  baseFeePerGas: z.array(quantity).min(1),
  gasUsedRatio: z.array(z.number()),
  reward: z.array(z.array(quantity)).nullish(),
});

/** A block producer has no reason to take a transaction that pays nothing beside the base fee. */
const LEAST_TIP_WEI = 10_000_000n;

/** How many blocks the priority fee is taken over. */
export const FEE_BLOCKS = 5;

/** Gas as of block `number`; throws ChainError. */
export async function readGas(chain: ChainReader, number: number): Promise<Gas> {
  const [answer, l1Fees] = await Promise.all([
    chain.request('eth_feeHistory', [
      `0x${Math.min(FEE_BLOCKS, number + 1).toString(16)}`,
      `0x${number.toString(16)}`,
      [50],
    ]),
    readL1Fees(chain, number),
  ]);
  const history = feeHistory.safeParse(answer);
  const baseFeeWei = history.data?.baseFeePerGas.at(-1);
  if (!history.success || baseFeeWei === undefined) {
    throw new ChainError('bad-answer', chain.name, 'eth_feeHistory answered something that is no fee history');
  }
  const priorityFeeWei = usualTipWei(history.data.reward ?? [], history.data.gasUsedRatio);
  return { baseFeeWei, priorityFeeWei, ...l1Fees };
}

/** The median of what the blocks were paid beside the base fee, rounded down, never below the least that is taken. */
export function usualTipWei(reward: readonly (readonly bigint[])[], gasUsedRatio: readonly number[]): bigint {
  // An empty block says 0, but nobody paid that: it must not make gas look free.
  const paid = reward.filter((_, block) => (gasUsedRatio[block] ?? 0) > 0).flat();
  const usual = medianRoundingDown(paid);
  return usual < LEAST_TIP_WEI ? LEAST_TIP_WEI : usual;
}

/** The middle one; of an even number the lower of the two in the middle; 0 of none. */
export function medianRoundingDown(values: readonly bigint[]): bigint {
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted[(sorted.length - 1) >> 1] ?? 0n;
}

/**
 * What the rollup's own oracle asks for the data of each transaction, added up for each action: a plan is several
 * transactions, and each pays for its envelope and signature.
 */
async function readL1Fees(chain: ChainReader, number: number): Promise<Pick<Gas, 'l1FeeWei' | 'l1FeesWei'>> {
  if (!OP_STACK_CHAIN_IDS.has(chain.known.chainId)) return { l1FeeWei: 0n };
  const { rebalance, ...others } = transactionsOf;
  const typical = typicalTransactions(chain.known);
  try {
    const fees = new Map(
      await Promise.all(
        Object.entries(typical).map(async ([kind, unsigned]) => {
          const fee = await chain.client.readContract({
            address: GAS_PRICE_ORACLE,
            abi: gasPriceOracleAbi,
            functionName: 'getL1Fee',
            args: [unsigned],
            blockNumber: BigInt(number),
          });
          return [kind, fee] as const;
        }),
      ),
    );
    const sum = (counts: Readonly<Record<string, number>>) =>
      Object.entries(counts).reduce((total, [kind, count]) => total + (fees.get(kind) ?? 0n) * BigInt(count), 0n);
    const { rebalanceWithoutSwap, collect, exit } = others;
    return {
      l1FeeWei: sum(rebalance),
      l1FeesWei: { rebalanceWithoutSwap: sum(rebalanceWithoutSwap), collect: sum(collect), exit: sum(exit) },
    };
  } catch (cause) {
    throw toChainError(chain.name, 'GasPriceOracle.getL1Fee', cause);
  }
}
