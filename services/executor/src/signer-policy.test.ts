import { positionManagerAbi, swapRouter02Abi, tokenAbi } from '@rangeward/adapter-evm/abis';
import { encodeApproval } from '@rangeward/adapter-evm/encode-approval';
import { appendMarker } from '@rangeward/adapter-evm/encode-marker';
import { encodeCollection, encodeMint, encodeWithdrawal } from '@rangeward/adapter-evm/encode-position-manager';
import { encodeSwap } from '@rangeward/adapter-evm/encode-swap';
import { knownChains } from '@rangeward/adapter-evm/known-chains';
import type { TransactionToSign } from '@rangeward/adapter-evm/signer';
import fc from 'fast-check';
import { type Address, concatHex, encodeFunctionData, type Hex } from 'viem';
import { describe, expect, test } from 'vitest';
import { checkTransaction, type SigningRules } from './signer-policy.ts';

const wallet: Address = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';
const stranger: Address = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8';
const token0: Address = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
const token1: Address = '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2';
const planId = 'ab'.repeat(32);
const { positionManager, swapRouter } = knownChains.local;

const rules: SigningRules = {
  chainId: 31337,
  wallet,
  positionManager,
  swapRouter,
  routerKind: 'swap-router',
  token0,
  token1,
  feePips: 500,
  planId,
  step: 2,
  tokenId: 7n,
  approvable: {
    positionManager: { amount0: 10n ** 30n, amount1: 5n },
    swapRouter: { amount0: 5n, amount1: 0n },
  },
  market: { tick: 5, twapTick: 0, maxTwapDeviationTicks: 200, position: { tickLower: -10, tickUpper: 10 } },
  nowBlockS: 1_000_000n,
  longestDeadlineS: 600,
  maxGasCostWei: 10n ** 16n,
};
const deadlineS = 1_000_300n;
const swapOf = { tokenIn: token0, tokenOut: token1, feePips: 500, recipient: wallet, deadlineS };
const swap = { ...swapOf, amountIn: 10n, amountOutMinimum: 9n, sqrtPriceLimitX96: 5n };
const minting = {
  token0,
  token1,
  feePips: 500,
  tickLower: -10,
  tickUpper: 10,
  amount0Desired: 10n,
  amount1Desired: 10n,
  amount0Min: 9n,
  amount1Min: 0n,
  recipient: wallet,
  deadlineS,
};
const withdrawal = { tokenId: 7n, liquidity: 5n, amount0Min: 1n, amount1Min: 0n, recipient: wallet, deadlineS };

function transaction(to: Address, data: Hex, change: Partial<TransactionToSign> = {}): TransactionToSign {
  const fees = { gasLimit: 500_000n, maxFeePerGasWei: 10n ** 10n, maxPriorityFeePerGasWei: 10n ** 9n };
  return { chainId: 31337, nonce: 1, to, data, ...fees, ...change };
}
const mark = (data: Hex) => appendMarker(data, { planId, step: 2 });
const manager = (data: Hex) => transaction(positionManager, mark(data));
const router = (data: Hex) => transaction(swapRouter, mark(data));

const lawful: Record<string, TransactionToSign> = {
  withdrawal: manager(encodeWithdrawal(withdrawal)),
  collection: manager(encodeCollection(withdrawal)),
  mint: manager(encodeMint(minting)),
  swap: router(encodeSwap('swap-router', swap)),
  'approval of the router': transaction(token0, encodeApproval(swapRouter, 5n)),
  'approval of the manager': transaction(token1, encodeApproval(positionManager, 5n)),
  'return of an approval': transaction(token1, encodeApproval(positionManager, 0n)),
};

test.each(Object.keys(lawful))('%s is allowed', (name) => {
  expect(checkTransaction(lawful[name]!, rules)).toEqual({ kind: 'allowed' });
});

test('a swap by SwapRouter02 is allowed where that is the router, and only with its deadline', () => {
  const on02: SigningRules = { ...rules, swapRouter: knownChains.base.swapRouter, routerKind: 'swap-router-02' };
  const to = knownChains.base.swapRouter;
  const good = transaction(to, mark(encodeSwap('swap-router-02', swap)));
  expect(checkTransaction(good, on02)).toEqual({ kind: 'allowed' });
  const { feePips: fee, deadlineS: _, ...params } = swap;
  const bare = encodeFunctionData({
    abi: swapRouter02Abi,
    functionName: 'exactInputSingle',
    args: [{ ...params, fee }],
  });
  expect(checkTransaction(transaction(to, mark(bare)), on02).kind).toBe('refused');
  expect(checkTransaction(transaction(to, mark(encodeSwap('swap-router', swap))), on02).kind).toBe('refused');
  const twice = encodeFunctionData({
    abi: swapRouter02Abi,
    functionName: 'multicall',
    args: [deadlineS, [bare, bare]],
  });
  expect(checkTransaction(transaction(to, mark(twice)), on02).kind).toBe('refused');
});

const multicall = (...data: Hex[]) =>
  encodeFunctionData({ abi: positionManagerAbi, functionName: 'multicall', args: [data] });
const burn = encodeFunctionData({ abi: positionManagerAbi, functionName: 'burn', args: [7n] });

const unlawful: Record<string, TransactionToSign> = {
  'another chain': { ...lawful.swap!, chainId: 1 },
  'a gas cost over the cap': { ...lawful.swap!, gasLimit: 5_000_000n },
  'an unknown contract': { ...lawful.swap!, to: stranger },
  'the manager’s bytes at the router': { ...lawful.mint!, to: swapRouter },
  'no marker': transaction(swapRouter, encodeSwap('swap-router', swap)),
  'another plan’s marker': transaction(
    swapRouter,
    appendMarker(encodeSwap('swap-router', swap), { planId: 'cd'.repeat(32), step: 2 }),
  ),
  'another step’s marker': transaction(swapRouter, appendMarker(encodeSwap('swap-router', swap), { planId, step: 3 })),
  'bytes between call and marker': router(concatHex([encodeSwap('swap-router', swap), '0x00'])),
  'a swap to a stranger': router(encodeSwap('swap-router', { ...swap, recipient: stranger })),
  'a swap for nothing': router(encodeSwap('swap-router', { ...swap, amountOutMinimum: 0n })),
  'a swap at any price': router(encodeSwap('swap-router', { ...swap, sqrtPriceLimitX96: 0n })),
  'a swap in another pool': router(encodeSwap('swap-router', { ...swap, feePips: 3000 })),
  'a swap into another token': router(encodeSwap('swap-router', { ...swap, tokenOut: stranger })),
  'a swap of a token into itself': router(encodeSwap('swap-router', { ...swap, tokenOut: token0 })),
  'a swap valid for long': router(encodeSwap('swap-router', { ...swap, deadlineS: 2_000_000n })),
  'a swap already too late': router(encodeSwap('swap-router', { ...swap, deadlineS: 999_999n })),
  'a mint for a stranger': manager(encodeMint({ ...minting, recipient: stranger })),
  'a mint of other tokens': manager(encodeMint({ ...minting, token1: stranger })),
  'a mint in another pool': manager(encodeMint({ ...minting, feePips: 3000 })),
  'a mint for nothing': manager(encodeMint({ ...minting, amount0Min: 0n })),
  'a withdrawal to a stranger': manager(encodeWithdrawal({ ...withdrawal, recipient: stranger })),
  'a withdrawal of another NFT': manager(encodeWithdrawal({ ...withdrawal, tokenId: 8n })),
  'a withdrawal for nothing': manager(encodeWithdrawal({ ...withdrawal, amount0Min: 0n })),
  'a burn': manager(burn),
  'a burn inside a multicall': manager(multicall(encodeCollection(withdrawal), burn)),
  'a multicall inside a multicall': manager(multicall(multicall(encodeCollection(withdrawal)))),
  'an empty multicall': manager(multicall()),
  'a mint inside a multicall': manager(multicall(encodeMint(minting))),
  'an approval of a stranger': transaction(token0, encodeApproval(stranger, 5n)),
  'an approval without bound': transaction(token0, encodeApproval(swapRouter, 2n ** 256n - 1n)),
  'an approval with more behind it': transaction(token0, concatHex([encodeApproval(swapRouter, 5n), '0x00'])),
  'an approval of another token': transaction(stranger, encodeApproval(swapRouter, 5n)),
  'a question to a token': transaction(
    token0,
    encodeFunctionData({ abi: tokenAbi, functionName: 'balanceOf', args: [wallet] }),
  ),
  'an approval of more than the plan can sell': transaction(token0, encodeApproval(swapRouter, 6n)),
  'an approval of a token that the plan has none of': transaction(token1, encodeApproval(swapRouter, 1n)),
  'an approval of more than the plan can mint with': transaction(token1, encodeApproval(positionManager, 6n)),
  'a transfer of the NFT': manager(`0x42842e0e${'00'.repeat(96)}`),
  'approval for all NFTs': manager(`0xa22cb465${'00'.repeat(64)}`),
  'a transfer of tokens': transaction(token0, `0xa9059cbb${'00'.repeat(64)}`),
  'no calldata at all': transaction(swapRouter, '0x'),
};

test.each(Object.keys(unlawful))('%s is refused', (name) => {
  expect(checkTransaction(unlawful[name]!, rules).kind).toBe('refused');
});

test('each refusal says why in words of its own', () => {
  const reasons = Object.values(unlawful).map((tx) => {
    const answer = checkTransaction(tx, rules);
    return answer.kind === 'refused' ? answer.reason : '';
  });
  expect(reasons.every((reason) => reason.length > 8)).toBe(true);
  expect(new Set(reasons).size).toBeGreaterThan(20);
});

describe('least amounts are held against the policy’s own quote', () => {
  const E = 10n ** 18n;
  // At a price of 1: 1,000 less the fee of 0.05 % and 5 %.
  const least = (1_000n * E * 9_995n * 95n) / 1_000_000n;
  const selling = { ...swap, amountIn: 1_000n * E };
  const wide = { ...minting, tickLower: -6_000, tickUpper: 6_000, amount0Desired: E, amount1Desired: E };
  const wideRules: SigningRules = {
    ...rules,
    market: { ...rules.market, position: { tickLower: -6_000, tickUpper: 6_000 } },
  };
  const out = { ...withdrawal, liquidity: 1_000n * E };
  // At 5 % from a price of 1: 1/sqrt(1.05) - 1.0001^-3000, and sqrt(0.95) - 1.0001^-3000, of each unit of liquidity.
  const outLeast = { amount0Min: 235_082n * 10n ** 15n, amount1Min: 233_861n * 10n ** 15n };
  const answer = (tx: TransactionToSign, by: SigningRules = rules) => {
    const said = checkTransaction(tx, by);
    return said.kind === 'refused' ? said.reason : said.kind;
  };

  test('a swap in either direction, to the wei', () => {
    for (const direction of [{}, { tokenIn: token1, tokenOut: token0 }]) {
      const at = (amountOutMinimum: bigint) =>
        answer(router(encodeSwap('swap-router', { ...selling, ...direction, amountOutMinimum })));
      expect(at(least)).toBe('allowed');
      expect(at(least - 1n)).toMatch(/under the policy’s own quote/);
    }
  });

  test('a withdrawal and a mint, each token by itself', () => {
    const withdraw = (change: object) => answer(manager(encodeWithdrawal({ ...out, ...change })), wideRules);
    expect(withdraw({ amount0Min: 236n * E, amount1Min: 236n * E })).toBe('allowed');
    expect(withdraw({ ...outLeast, amount0Min: 0n })).toMatch(/under the policy’s own/);
    expect(withdraw({ ...outLeast, amount1Min: 1n })).toMatch(/under the policy’s own/);
    const mint = (change: object) => answer(manager(encodeMint({ ...wide, ...change })), wideRules);
    expect(mint({ amount0Min: (E * 95n) / 100n, amount1Min: (E * 95n) / 100n })).toBe('allowed');
    expect(mint({ amount0Min: E / 2n, amount1Min: (E * 95n) / 100n })).toMatch(/under the policy’s own/);
    expect(mint({ amount0Min: (E * 95n) / 100n, amount1Min: E / 2n })).toMatch(/under the policy’s own/);
    expect(mint({ tickLower: 6_000, tickUpper: -6_000 })).toMatch(/not a range/);
    expect(mint({ tickUpper: 887_273 })).toMatch(/not a range/);
  });

  test('is refused where the pool’s price cannot be believed, but what depends on no price is not', () => {
    const by = (change: Partial<SigningRules['market']>) => ({ ...rules, market: { ...rules.market, ...change } });
    for (const name of ['swap', 'mint', 'withdrawal']) {
      expect(answer(lawful[name]!, by({ twapTick: null }))).toMatch(/oracle does not answer/);
      expect(answer(lawful[name]!, by({ tick: 201 }))).toMatch(/201 ticks from its average/);
      expect(answer(lawful[name]!, by({ tick: 200 }))).toBe('allowed');
    }
    expect(answer(lawful.withdrawal!, by({ position: null }))).toMatch(/no such position/);
    expect(answer(lawful.collection!, by({ twapTick: null }))).toBe('allowed');
    expect(answer(lawful['return of an approval']!, by({ twapTick: null }))).toBe('allowed');
  });
});

/** The bytes whose value the policy leaves to the plan: amounts, ticks, minimums that stay above 0, limits of price. */
const numbersOnly = (name: string, at: number) => {
  const words: Record<string, readonly number[]> = {
    swap: [5, 6, 7],
    mint: [3, 4, 5, 6, 7, 8],
    'approval of the router': [1],
    'approval of the manager': [1],
    'return of an approval': [1],
    collection: [2, 3],
  };
  return words[name]?.includes(Math.floor((at - 4) / 32)) ?? false;
};

describe('mutated calldata', () => {
  const names = Object.keys(lawful).filter((name) => name !== 'withdrawal');

  test('changing any byte that names whom, what, when or which plan is refused', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), fc.integer({ min: 1, max: 255 }), (name, position, mask) => {
        const tx = lawful[name]!;
        const bytes = Buffer.from(tx.data.slice(2), 'hex');
        const at = position % bytes.length;
        fc.pre(!numbersOnly(name, at) && !isDeadline(name, at));
        bytes[at] = (bytes[at] ?? 0) ^ mask;
        expect(checkTransaction({ ...tx, data: `0x${bytes.toString('hex')}` }, rules).kind).toBe('refused');
      }),
      { numRuns: 4_000 },
    );
  });

  test('cutting, lengthening or splicing calldata is refused', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(lawful)),
        fc.uint8Array({ minLength: 1, maxLength: 80 }),
        fc.nat(),
        fc.boolean(),
        (name, extra, position, cut) => {
          const tx = lawful[name]!;
          const bytes = Buffer.from(tx.data.slice(2), 'hex');
          const at = position % bytes.length;
          const mutated = cut
            ? bytes.subarray(0, at)
            : Buffer.concat([bytes.subarray(0, at), extra, bytes.subarray(at)]);
          expect(checkTransaction({ ...tx, data: `0x${mutated.toString('hex')}` }, rules).kind).toBe('refused');
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('random bytes to any allowed contract are refused', () => {
    const targets = fc.constantFrom<Address>(token0, token1, positionManager, swapRouter);
    fc.assert(
      fc.property(targets, fc.uint8Array({ maxLength: 400 }), (to, bytes) => {
        const data: Hex = `0x${Buffer.from(bytes).toString('hex')}`;
        expect(checkTransaction(transaction(to, data), rules).kind).toBe('refused');
        expect(checkTransaction(transaction(to, mark(data)), rules).kind).toBe('refused');
      }),
      { numRuns: 2_000 },
    );
  });
});

/** The last two bytes of a deadline may change and still lie within bounds. */
function isDeadline(name: string, at: number): boolean {
  const word = { swap: 4, mint: 10 }[name];
  return word !== undefined && Math.floor((at - 4) / 32) === word && (at - 4) % 32 >= 29;
}
