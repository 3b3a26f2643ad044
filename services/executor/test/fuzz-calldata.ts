import { encodeApproval } from '@rangeward/adapter-evm/encode-approval';
import { appendMarker } from '@rangeward/adapter-evm/encode-marker';
import { encodeCollection, encodeMint, encodeWithdrawal } from '@rangeward/adapter-evm/encode-position-manager';
import { encodeSwap } from '@rangeward/adapter-evm/encode-swap';
import { knownChains } from '@rangeward/adapter-evm/known-chains';
import type { TransactionToSign } from '@rangeward/adapter-evm/signer';
import type { Address } from 'viem';
import { checkTransaction, type SigningRules } from '../src/signer-policy.ts';
import { outsidePolicy } from './read-policy-again.ts';

/** What the policy said to so many mutated transactions. */
export type CalldataTally = {
  allowed: number;
  refused: number;
  /** Allowed, though a second reading of the bytes finds it outside the policy, or the policy threw; the first few. */
  readonly failures: string[];
};

type Random = (below: number) => number;

const MOST_FAILURES = 5;
const E = 10n ** 18n;
const planId = 'ab'.repeat(32);
const stranger: Address = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8';
const { positionManager, swapRouter } = knownChains.local;

const common: Omit<SigningRules, 'swapRouter' | 'routerKind'> = {
  chainId: 31337,
  wallet: '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266',
  positionManager,
  token0: '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48',
  token1: '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2',
  feePips: 500,
  planId,
  step: 2,
  tokenId: 7n,
  approvable: { positionManager: { amount0: E, amount1: 2n * E }, swapRouter: { amount0: 3n * E, amount1: 0n } },
  market: { tick: 5, twapTick: 0, maxTwapDeviationTicks: 200, position: { tickLower: -6_000, tickUpper: 6_000 } },
  nowBlockS: 1_000_000n,
  longestDeadlineS: 600,
  maxGasCostWei: 10n ** 16n,
};

export const ruleSets: readonly SigningRules[] = [
  { ...common, swapRouter, routerKind: 'swap-router' },
  { ...common, swapRouter: knownChains.base.swapRouter, routerKind: 'swap-router-02' },
];

/** What may be signed under the rules: one of each kind. */
export function lawfulTransactions(rules: SigningRules): TransactionToSign[] {
  const deadlineS = 1_000_300n;
  const recipient = rules.wallet;
  const pair = { token0: rules.token0, token1: rules.token1, feePips: 500, recipient, deadlineS };
  const sold = { tokenIn: rules.token0, tokenOut: rules.token1, feePips: 500, recipient, deadlineS };
  const out = { tokenId: 7n, liquidity: E, recipient, deadlineS };
  const least = (99n * E) / 100n;
  const mint = { ...pair, tickLower: -6_000, tickUpper: 6_000, amount0Desired: E, amount1Desired: E };
  const swap = { ...sold, amountIn: E, amountOutMinimum: least, sqrtPriceLimitX96: 1n << 95n };
  const mark = (data: `0x${string}`) => appendMarker(data, { planId, step: 2 });
  const calls: readonly (readonly [Address, `0x${string}`])[] = [
    [positionManager, mark(encodeWithdrawal({ ...out, amount0Min: E / 4n, amount1Min: E / 4n }))],
    [positionManager, mark(encodeCollection(out))],
    [positionManager, mark(encodeMint({ ...mint, amount0Min: least, amount1Min: least }))],
    [rules.swapRouter, mark(encodeSwap(rules.routerKind, swap))],
    [rules.token0, encodeApproval(rules.swapRouter, 3n * E)],
    [rules.token1, encodeApproval(positionManager, 2n * E)],
    [rules.token0, encodeApproval(positionManager, 0n)],
  ];
  const fees = { gasLimit: 500_000n, maxFeePerGasWei: 10n ** 10n, maxPriorityFeePerGasWei: 10n ** 9n };
  return calls.map(([to, data]) => ({ chainId: 31337, nonce: 1, to, data, ...fees }));
}

/** Mutates lawful transactions `count` times and asks the policy of each. The same seed is the same transactions. */
export function fuzzCalldata(count: number, seed: number): CalldataTally {
  const random = randomFrom(seed);
  const tally: CalldataTally = { allowed: 0, refused: 0, failures: [] };
  const worlds = ruleSets.map((rules) => ({ rules, lawful: lawfulTransactions(rules) }));
  for (let at = 0; at < count; at++) {
    const { rules, lawful } = pick(random, worlds);
    const changed = mutated(random, pick(random, lawful), rules, lawful);
    judge(tally, changed, rules);
  }
  return tally;
}

function judge(tally: CalldataTally, transaction: TransactionToSign, rules: SigningRules): void {
  let why: string | null = null;
  try {
    if (checkTransaction(transaction, rules).kind === 'refused') {
      tally.refused += 1;
      return;
    }
    tally.allowed += 1;
    why = outsidePolicy(transaction, rules);
  } catch (error) {
    why = `the policy threw ${String(error)}`;
  }
  if (why !== null && tally.failures.length < MOST_FAILURES) {
    tally.failures.push(`${why}: to ${transaction.to} ${transaction.data}`);
  }
}

function mutated(
  random: Random,
  base: TransactionToSign,
  rules: SigningRules,
  lawful: readonly TransactionToSign[],
): TransactionToSign {
  let bytes = Buffer.from(base.data.slice(2), 'hex');
  for (let times = random(3); times >= 0; times--) bytes = changedBytes(random, bytes, rules, lawful);
  const data: `0x${string}` = `0x${bytes.toString('hex')}`;
  if (random(10) > 0) return { ...base, data };
  const change: Partial<TransactionToSign> = pick(random, [
    { to: pick(random, [rules.positionManager, rules.swapRouter, rules.token0, rules.token1, stranger]) },
    { chainId: 1 },
    { gasLimit: 10n ** 8n },
    { maxFeePerGasWei: 10n ** 12n },
    { maxPriorityFeePerGasWei: 10n ** 11n },
  ]);
  return { ...base, data, ...change };
}

function changedBytes(
  random: Random,
  bytes: Buffer<ArrayBuffer>,
  rules: SigningRules,
  lawful: readonly TransactionToSign[],
): Buffer<ArrayBuffer> {
  const at = random(bytes.length + 1);
  switch (random(8)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([random(256), random(256)]), bytes.subarray(at)]);
    case 2: {
      const other = Buffer.from(pick(random, lawful).data.slice(2), 'hex');
      return Buffer.concat([bytes.subarray(0, at), other.subarray(random(other.length))]);
    }
    case 3: {
      const copy = Buffer.from(bytes);
      copy[at % Math.max(1, copy.length)] = random(256);
      return copy;
    }
    case 4: {
      const copy = Buffer.from(bytes);
      const bit = random(8 * copy.length || 1);
      copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return copy;
    }
    default:
      return withWord(random, bytes, rules);
  }
}

/** One argument replaced by something that means something: another party, another amount, another time. */
function withWord(random: Random, bytes: Buffer<ArrayBuffer>, rules: SigningRules): Buffer<ArrayBuffer> {
  const words = Math.floor((bytes.length - 4) / 32);
  if (words < 1) return bytes;
  const parties = [rules.wallet, rules.token0, rules.token1, rules.positionManager, rules.swapRouter, stranger];
  const numbers = [0n, 1n, 32n, 7n, 8n, 500n, 3_000n, E / 2n, E, 3n * E, 1n << 96n, 1n << 128n, (1n << 256n) - 1n];
  const times = [999_999n, 1_000_000n, 1_000_600n, 1_000_601n, BigInt(random(2_000_000))];
  const value = pick(random, [...parties.map((party) => BigInt(party)), ...numbers, ...times]);
  const copy = Buffer.from(bytes);
  // Inside a multicall the arguments lie four bytes further, behind a selector of their own.
  const shift = random(3) === 0 ? 4 : 0;
  const start = Math.min(4 + 32 * random(words) + shift, copy.length - 32);
  copy.write(value.toString(16).padStart(64, '0'), start, 'hex');
  return copy;
}

function pick<T>(random: Random, list: readonly T[]): T {
  // The list is never empty.
  return list[random(list.length)] as T;
}

/** mulberry32: numbers from 0 up to but not including a bound. */
function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
