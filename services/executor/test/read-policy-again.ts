import type { TransactionToSign } from '@rangeward/adapter-evm/signer';
import type { SigningRules } from '../src/signer-policy.ts';

/**
 * The policy once more, written in another way, for the fuzz to hold it against: bytes cut by hand where the policy
 * decodes, and floating point where it reckons in integers. Says why a transaction is outside the policy, or null.
 */
export function outsidePolicy(transaction: TransactionToSign, rules: SigningRules): string | null {
  const data = transaction.data.slice(2).toLowerCase();
  if (transaction.chainId !== rules.chainId) return 'another chain';
  if (transaction.gasLimit * transaction.maxFeePerGasWei > rules.maxGasCostWei) return 'gas over the cap';
  if (transaction.to === rules.token0 || transaction.to === rules.token1) return approval(transaction.to, data, rules);
  const marker = `${rules.planId}${rules.step.toString(16).padStart(2, '0')}`;
  if (!data.endsWith(marker)) return 'no marker of this step';
  const body = data.slice(0, -marker.length);
  if (transaction.to === rules.positionManager) return manager(body, rules);
  if (transaction.to === rules.swapRouter) return router(body, rules);
  return 'another contract';
}

const MULTICALL = 'ac9650d8';
const DEADLINE_MULTICALL = '5ae401dc';
const DECREASE = '0c49ccbe';
const COLLECT = 'fc6f7865';
const MINT = '88316456';
const SWAP = '414bf389';
const SWAP_02 = '04e45aaf';
const APPROVE = '095ea7b3';

function wordsOf(data: string, count: number): bigint[] | null {
  if (data.length !== 8 + 64 * count) return null;
  return Array.from({ length: count }, (_, at) => BigInt(`0x${data.slice(8 + 64 * at, 72 + 64 * at)}`));
}

function approval(token: string, data: string, rules: SigningRules): string | null {
  const words = data.startsWith(APPROVE) ? wordsOf(data, 2) : null;
  if (words === null) return 'no plain approval';
  const [spender = 0n, amount = 0n] = words;
  const index = token === rules.token0 ? 'amount0' : 'amount1';
  const most =
    spender === BigInt(rules.positionManager)
      ? rules.approvable.positionManager[index]
      : spender === BigInt(rules.swapRouter)
        ? rules.approvable.swapRouter[index]
        : -1n;
  return amount > most ? 'an approval of too much, or of a stranger' : null;
}

function manager(body: string, rules: SigningRules): string | null {
  if (!body.startsWith(MULTICALL)) return managerCall(body, rules, true);
  const inner = innerCalls(body.slice(8), 0);
  if (inner === null || inner.length === 0) return 'no plain multicall';
  return inner.map((call) => managerCall(call, rules, false)).find((why) => why !== null) ?? null;
}

function managerCall(call: string, rules: SigningRules, alone: boolean): string | null {
  if (call.startsWith(COLLECT)) {
    const [tokenId, recipient] = wordsOf(call, 4) ?? [];
    return tokenId === rules.tokenId && recipient === BigInt(rules.wallet) ? null : 'collects for another';
  }
  if (call.startsWith(DECREASE)) {
    const words = wordsOf(call, 5);
    if (words === null || words[0] !== rules.tokenId) return 'withdraws from another';
    return late(words[4], rules) ?? thinWithdrawal(words, rules);
  }
  if (call.startsWith(MINT) && alone) {
    const words = wordsOf(call, 11);
    if (words === null || words[0] !== BigInt(rules.token0) || words[1] !== BigInt(rules.token1)) return 'other tokens';
    if (words[2] !== BigInt(rules.feePips)) return 'another pool';
    if (words[9] !== BigInt(rules.wallet)) return 'mints for another';
    return late(words[10], rules) ?? thinMint(words, rules);
  }
  return 'another function';
}

function router(body: string, rules: SigningRules): string | null {
  if (rules.routerKind === 'swap-router') {
    const words = body.startsWith(SWAP) ? wordsOf(body, 8) : null;
    if (words === null) return 'no plain swap';
    const [tokenIn, tokenOut, fee, recipient, deadline, amountIn, least, limit] = words;
    return late(deadline, rules) ?? swap([tokenIn, tokenOut, fee, recipient, amountIn, least, limit], rules);
  }
  if (!body.startsWith(DEADLINE_MULTICALL)) return 'no deadline';
  const [call, more] = innerCalls(body.slice(72), 32) ?? [];
  const words = call?.startsWith(SWAP_02) && more === undefined ? wordsOf(call, 7) : null;
  return words === null ? 'no plain swap' : (late(BigInt(`0x${body.slice(8, 72)}`), rules) ?? swap(words, rules));
}

function swap(words: readonly (bigint | undefined)[], rules: SigningRules): string | null {
  const [tokenIn, tokenOut, fee, recipient, amountIn = 0n, least = 0n, limit] = words;
  const sells0 = tokenIn === BigInt(rules.token0) && tokenOut === BigInt(rules.token1);
  const sells1 = tokenIn === BigInt(rules.token1) && tokenOut === BigInt(rules.token0);
  if (!sells0 && !sells1) return 'other tokens';
  if (fee !== BigInt(rules.feePips)) return 'another pool';
  if (recipient !== BigInt(rules.wallet)) return 'swaps for another';
  if (limit === 0n || least === 0n) return 'at any price';
  const price = 1.0001 ** average(rules);
  const worth = Number(amountIn) * (1 - rules.feePips / 1e6) * (sells0 ? price : 1 / price);
  return Number(least) + 2 < worth * 0.95 * (1 - 1e-9) ? 'swaps for too little' : null;
}

/** The calls of `bytes[]`, whose offset word says `0x20` more than lies before it; null unless packed one behind the other. */
function innerCalls(data: string, before: number): string[] | null {
  const word = (at: number) => BigInt(`0x${data.slice(64 * at, 64 * at + 64) || 'f'}`);
  if (word(0) !== BigInt(32 + before)) return null;
  const count = Number(word(1));
  if (count > 8) return null;
  const calls: string[] = [];
  let expected = 32 * count;
  for (let at = 0; at < count; at++) {
    if (Number(word(2 + at)) !== expected) return null;
    const start = 128 + expected * 2;
    const size = Number(BigInt(`0x${data.slice(start, start + 64) || 'f'}`));
    if (size * 2 > data.length) return null;
    calls.push(data.slice(start + 64, start + 64 + size * 2));
    expected += 32 + Math.ceil(size / 32) * 32;
  }
  return data.length === 128 + expected * 2 ? calls : null;
}

function late(deadline: bigint | undefined, rules: SigningRules): string | null {
  if (deadline === undefined) return 'no deadline';
  const aheadS = deadline - rules.nowBlockS;
  return aheadS >= 0n && aheadS <= BigInt(rules.longestDeadlineS) ? null : 'a deadline out of bounds';
}

function average({ market }: SigningRules): number {
  return market.twapTick ?? Number.NaN;
}

/** Square roots of the prices 5 % from the average. */
function band(rules: SigningRules): { low: number; high: number } {
  const price = 1.0001 ** average(rules);
  return { low: Math.sqrt(price * 0.95), high: Math.sqrt(price * 1.05) };
}

function rootAt(tick: number): number {
  return 1.0001 ** (tick / 2);
}

function thinWithdrawal([, liquidity, min0, min1]: readonly bigint[], rules: SigningRules): string | null {
  const { position } = rules.market;
  if (position === null) return 'no position';
  const amounts = amountsAtEnds(Number(liquidity), position.tickLower, position.tickUpper, band(rules));
  return isUnder(Number(min0), amounts.amount0, 2) ||
    isUnder(Number(min1), amounts.amount1, 2) ||
    (min0 === min1 && min0 === 0n)
    ? 'withdraws for too little'
    : null;
}

function thinMint(words: readonly bigint[], rules: SigningRules): string | null {
  const [tickLower, tickUpper] = [BigInt.asIntN(24, words[3] ?? 0n), BigInt.asIntN(24, words[4] ?? 0n)].map(Number);
  if (tickLower === undefined || tickUpper === undefined || tickLower >= tickUpper) return 'no range';
  const [desired0, desired1, min0, min1] = words.slice(5, 9).map(Number);
  const [low, high] = [rootAt(tickLower), rootAt(tickUpper)];
  const minted = (root: number) => {
    const at = Math.min(Math.max(root, low), high);
    const by0 = at < high ? (desired0 ?? 0) / (1 / at - 1 / high) : Number.POSITIVE_INFINITY;
    const by1 = at > low ? (desired1 ?? 0) / (at - low) : Number.POSITIVE_INFINITY;
    // The manager counts liquidity in 128 bits.
    return Math.min(by0, by1, 2 ** 128);
  };
  const ends = band(rules);
  const unit = 4 * (1 / low - 1 / high + high - low) + 4;
  const amount0 = amountsAtEnds(minted(ends.high), tickLower, tickUpper, ends).amount0;
  const amount1 = amountsAtEnds(minted(ends.low), tickLower, tickUpper, ends).amount1;
  if (min0 === 0 && min1 === 0) return 'mints for nothing';
  return isUnder(min0 ?? 0, amount0, unit) || isUnder(min1 ?? 0, amount1, unit) ? 'mints for too little' : null;
}

/** Token0 at the upper end of the band, token1 at its lower. */
function amountsAtEnds(liquidity: number, tickLower: number, tickUpper: number, ends: { low: number; high: number }) {
  const [low, high] = [rootAt(tickLower), rootAt(tickUpper)];
  const within = (root: number) => Math.min(Math.max(root, low), high);
  return {
    amount0: liquidity * (1 / within(ends.high) - 1 / high),
    amount1: liquidity * (within(ends.low) - low),
  };
}

function isUnder(said: number, least: number, slack: number): boolean {
  return said + slack < least * (1 - 1e-6);
}
