import { poolAbi, positionManagerAbi, tokenAbi } from '@rangeward/adapter-evm/abis';
import type { RecordedLog } from '@rangeward/adapter-evm/receipts';
import { smallerOf } from '@rangeward/uniswap-v3/full-math';
import type { Amounts } from '@rangeward/uniswap-v3/liquidity-amounts';
import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';
import { type Address, type Log, parseEventLogs } from 'viem';

/**
 * A step is one transaction of a plan. Its number stands in the marker behind its calldata, so numbers never change
 * their meaning; in which order steps are taken `plan-steps.ts` says.
 */
export const stepNumbers = {
  withdraw: 0,
  'approve-router': 1,
  swap: 2,
  'approve-manager-token0': 3,
  'approve-manager-token1': 4,
  mint: 5,
  'reset-router': 6,
  'reset-manager-token0': 7,
  'reset-manager-token1': 8,
  collect: 9,
} as const;

export type StepName = keyof typeof stepNumbers;

/** What a step did, read from the events of its own receipt. Amounts in wei. */
export type StepFacts =
  | { readonly kind: 'withdrawn'; readonly principal: Amounts; readonly fees: Amounts }
  | { readonly kind: 'approved'; readonly token: Address; readonly spender: Address; readonly amount: bigint }
  | {
      readonly kind: 'swapped';
      readonly zeroForOne: boolean;
      readonly amountIn: bigint;
      readonly amountOut: bigint;
      readonly sqrtPriceAfterX96: bigint;
    }
  | {
      readonly kind: 'minted';
      readonly tokenId: bigint;
      readonly liquidity: bigint;
      readonly amounts: Amounts;
      /** Where, which need not be where it was planned; absent where no receipt says it. */
      readonly range?: TickRange;
    };

export type DoneStep = { readonly name: StepName; readonly facts: StepFacts };

/** Whose events count. */
export type EventSources = { readonly pool: Address; readonly positionManager: Address };

type Logs = readonly Pick<RecordedLog, 'address' | 'topics' | 'data'>[];

/**
 * What a successful step did. Throws when its receipt lacks the events it must have: then we do not know what the
 * contracts are, and nothing may be built on it.
 */
export function factsOf(name: StepName, logs: Logs, sources: EventSources): StepFacts {
  switch (name) {
    case 'withdraw':
    case 'collect':
      return withdrawal(logs, sources);
    case 'swap':
      return swap(logs, sources);
    case 'mint':
      return mint(logs, sources);
    default:
      return approval(name, logs);
  }
}

/**
 * The pool's own Collect event says what was paid; the position manager's may say a few wei more than core pays. What
 * exceeds the principal of DecreaseLiquidity is fees.
 */
function withdrawal(logs: Logs, sources: EventSources): StepFacts {
  const collects = parseEventLogs({ abi: poolAbi, eventName: 'Collect', logs: from(logs, sources.pool) });
  const decreases = parseEventLogs({
    abi: positionManagerAbi,
    eventName: 'DecreaseLiquidity',
    logs: from(logs, sources.positionManager),
  });
  const collected = only(collects, 'the pool’s Collect').args;
  const decreased = decreases[0]?.args ?? { amount0: 0n, amount1: 0n };
  const principal = {
    amount0: smallerOf(decreased.amount0, collected.amount0),
    amount1: smallerOf(decreased.amount1, collected.amount1),
  };
  return {
    kind: 'withdrawn',
    principal,
    fees: { amount0: collected.amount0 - principal.amount0, amount1: collected.amount1 - principal.amount1 },
  };
}

function swap(logs: Logs, sources: EventSources): StepFacts {
  const swaps = parseEventLogs({ abi: poolAbi, eventName: 'Swap', logs: from(logs, sources.pool) });
  const { amount0, amount1, sqrtPriceX96 } = only(swaps, 'the pool’s Swap').args;
  // The pool counts from its own side: what came in is positive.
  const zeroForOne = amount0 > 0n;
  return {
    kind: 'swapped',
    zeroForOne,
    amountIn: zeroForOne ? amount0 : amount1,
    amountOut: zeroForOne ? -amount1 : -amount0,
    sqrtPriceAfterX96: sqrtPriceX96,
  };
}

function mint(logs: Logs, sources: EventSources): StepFacts {
  const minted = parseEventLogs({
    abi: positionManagerAbi,
    eventName: 'IncreaseLiquidity',
    logs: from(logs, sources.positionManager),
  });
  const { tokenId, liquidity, amount0, amount1 } = only(minted, 'IncreaseLiquidity').args;
  const placed = parseEventLogs({ abi: poolAbi, eventName: 'Mint', logs: from(logs, sources.pool) });
  const { tickLower, tickUpper } = only(placed, 'the pool’s Mint').args;
  return { kind: 'minted', tokenId, liquidity, amounts: { amount0, amount1 }, range: { tickLower, tickUpper } };
}

function approval(name: StepName, logs: Logs): StepFacts {
  const approvals = parseEventLogs({ abi: tokenAbi, eventName: 'Approval', logs: viemLogs(logs) });
  const approved = only(approvals, `the Approval of ${name}`);
  return {
    kind: 'approved',
    token: lower(approved.address),
    spender: lower(approved.args.spender),
    amount: approved.args.value,
  };
}

/** How much of each token this plan holds after the steps done, in wei; never read from the wallet. */
export function holdings(done: readonly DoneStep[]): Amounts {
  let amount0 = 0n;
  let amount1 = 0n;
  for (const { facts } of done) {
    if (facts.kind === 'withdrawn') {
      amount0 += facts.principal.amount0 + facts.fees.amount0;
      amount1 += facts.principal.amount1 + facts.fees.amount1;
    } else if (facts.kind === 'swapped') {
      amount0 += facts.zeroForOne ? -facts.amountIn : facts.amountOut;
      amount1 += facts.zeroForOne ? facts.amountOut : -facts.amountIn;
    } else if (facts.kind === 'minted') {
      amount0 -= facts.amounts.amount0;
      amount1 -= facts.amounts.amount1;
    }
  }
  return { amount0, amount1 };
}

/** The facts of a step if it was done. */
export function factsNamed<Kind extends StepFacts['kind']>(
  done: readonly DoneStep[],
  kind: Kind,
): Extract<StepFacts, { kind: Kind }> | undefined {
  const found = done.find(({ facts }) => facts.kind === kind)?.facts;
  // `kind` was just compared.
  return found as Extract<StepFacts, { kind: Kind }> | undefined;
}

function only<T>(found: readonly T[], what: string): T {
  const [first] = found;
  if (first === undefined || found.length !== 1) {
    throw new Error(`expected ${what} once in the receipt, found it ${found.length} times`);
  }
  return first;
}

function from(logs: Logs, address: Address): Log[] {
  return viemLogs(logs.filter((log) => lower(log.address) === lower(address)));
}

function viemLogs(logs: Logs): Log[] {
  // Decoding reads address, topics and data only; a stored receipt has no more.
  return logs as unknown as Log[];
}

function lower(address: Address): Address {
  // An address in lower case is the same address.
  return address.toLowerCase() as Address;
}
