import { decodeFunctionData, size, toFunctionSelector } from 'viem';
import { expect, test } from 'vitest';
import { positionManagerAbi, swapRouter02Abi, swapRouterAbi } from './abis.ts';
import { appendMarker, MARKER_BYTES, markerBytes, splitMarker } from './encode-marker.ts';
import { encodeCollection, encodeMint, encodeWithdrawal } from './encode-position-manager.ts';
import { encodeSwap } from './encode-swap.ts';
import { readSendError } from './send-raw.ts';

const wallet = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';
const token0 = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48';
const token1 = '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2';
const swap = {
  tokenIn: token0,
  tokenOut: token1,
  feePips: 500,
  recipient: wallet,
  deadlineS: 1_767_571_500n,
  amountIn: 123n,
  amountOutMinimum: 45n,
  sqrtPriceLimitX96: 67n,
} as const;

test('SwapRouter takes the deadline among the parameters', () => {
  const data = encodeSwap('swap-router', swap);
  expect(data.slice(0, 10)).toBe('0x414bf389');
  const { args } = decodeFunctionData({ abi: swapRouterAbi, data });
  expect(args).toEqual([
    {
      tokenIn: token0,
      tokenOut: token1,
      fee: 500,
      recipient: wallet,
      deadline: 1_767_571_500n,
      amountIn: 123n,
      amountOutMinimum: 45n,
      sqrtPriceLimitX96: 67n,
    },
  ]);
});

test('SwapRouter02 takes it in multicall, and its swap has none', () => {
  const data = encodeSwap('swap-router-02', swap);
  expect(data.slice(0, 10)).toBe(toFunctionSelector('function multicall(uint256,bytes[])'));
  expect(data.slice(0, 10)).toBe('0x5ae401dc');
  const call = decodeFunctionData({ abi: swapRouter02Abi, data });
  if (call.functionName !== 'multicall') throw new Error(call.functionName);
  const [deadline, [inner, ...more]] = call.args;
  expect(deadline).toBe(1_767_571_500n);
  expect(more).toEqual([]);
  expect(inner!.slice(0, 10)).toBe('0x04e45aaf');
  expect(decodeFunctionData({ abi: swapRouter02Abi, data: inner! }).args).toEqual([
    {
      tokenIn: token0,
      tokenOut: token1,
      fee: 500,
      recipient: wallet,
      amountIn: 123n,
      amountOutMinimum: 45n,
      sqrtPriceLimitX96: 67n,
    },
  ]);
});

test('a withdrawal is decrease and collect, never burn', () => {
  const of = { tokenId: 7n, liquidity: 5n, amount0Min: 1n, amount1Min: 2n, recipient: wallet, deadlineS: 9n } as const;
  const call = decodeFunctionData({ abi: positionManagerAbi, data: encodeWithdrawal(of) });
  if (call.functionName !== 'multicall') throw new Error(call.functionName);
  const inner = call.args[0].map((data) => decodeFunctionData({ abi: positionManagerAbi, data }));
  const max = 2n ** 128n - 1n;
  expect(inner).toEqual([
    {
      functionName: 'decreaseLiquidity',
      args: [{ tokenId: 7n, liquidity: 5n, amount0Min: 1n, amount1Min: 2n, deadline: 9n }],
    },
    { functionName: 'collect', args: [{ tokenId: 7n, recipient: wallet, amount0Max: max, amount1Max: max }] },
  ]);
});

test('a marker is 33 bytes and comes off as it went on', () => {
  const marker = { planId: 'ab'.repeat(32), step: 5 };
  const data = encodeCollection({ tokenId: 7n, recipient: wallet });
  const marked = appendMarker(data, marker);
  expect(size(markerBytes(marker))).toBe(MARKER_BYTES);
  expect(size(marked)).toBe(size(data) + 33);
  expect(splitMarker(marked)).toEqual({ body: data, marker });
  expect(splitMarker('0x12345678')).toBeNull();
  expect(() => appendMarker(data, { planId: 'short', step: 0 })).toThrow(RangeError);
  expect(() => appendMarker(data, { planId: marker.planId, step: 256 })).toThrow();
});

test('a mint names ticks below zero as they are', () => {
  const mint = {
    token0,
    token1,
    feePips: 500,
    tickLower: -887_270,
    tickUpper: -10,
    amount0Desired: 1n,
    amount1Desired: 2n,
    amount0Min: 3n,
    amount1Min: 4n,
    recipient: wallet,
    deadlineS: 5n,
  } as const;
  const { args } = decodeFunctionData({ abi: positionManagerAbi, data: encodeMint(mint) });
  expect(args?.[0]).toMatchObject({ fee: 500, tickLower: -887_270, tickUpper: -10, deadline: 5n });
});

test.each([
  ['already known', 'known'],
  ['transaction already imported', 'known'],
  ['nonce too low: next nonce 5, tx nonce 4', 'known'],
  ['insufficient funds for gas * price + value', 'refused'],
  ['replacement transaction underpriced', 'underpriced'],
  ['max fee per gas less than block base fee', 'underpriced'],
  ['internal error', 'unknown'],
  ['socket hang up', 'unknown'],
  ['upstream request timeout', 'unknown'],
])('a node that says "%s" leaves the send %s', (text, kind) => {
  expect(readSendError(text).kind).toBe(kind);
});
