import { sqrtPriceX96FromStablePerVolatile, stablePerVolatile } from '@rangeward/uniswap-v3/price';
import { describe, expect, it } from 'vitest';
import { routerOrders } from './drive-order.ts';

describe.each([
  ['USDC is token0 (Ethereum)', 0 as const, { decimals0: 6, decimals1: 18 }],
  ['USDC is token1 (Base)', 1 as const, { decimals0: 18, decimals1: 6 }],
])('the orders of a block when %s', (_, stable, decimals) => {
  const at = (price: number) => sqrtPriceX96FromStablePerVolatile({ price, stable, ...decimals });
  const usd = (sqrtPriceX96: bigint) => stablePerVolatile({ sqrtPriceX96, stable, ...decimals });
  const pool = { sqrtPriceX96: at(2_500), stable };
  const arbitrage = (price: number) =>
    ({ kind: 'arbitrage', priceUsdE6: BigInt(price * 1e6), triggerBps: 8, stopBps: 5 }) as const;

  it('pay dollars as USDC, or as the WETH they are worth, without a limit', () => {
    const swaps = (['buy-weth', 'sell-weth'] as const).map(
      (side) => ({ kind: 'amount', side, amountUsdE6: 5_000_000_000n }) as const,
    );
    const [buy, sell] = routerOrders(swaps, pool);
    expect(buy).toEqual({ zeroForOne: stable === 0, amountIn: 5_000_000_000n, sqrtPriceLimitX96: 0n });
    expect(sell).toMatchObject({ zeroForOne: stable === 1, sqrtPriceLimitX96: 0n });
    expect(Number(sell?.amountIn) / 1e18).toBeCloseTo(2, 9);
  });

  it('let the arbitrageur trade towards the external price, up to the gap where it stops paying', () => {
    const [up] = routerOrders([arbitrage(2_510)], pool);
    expect(up?.zeroForOne).toBe(stable === 0);
    expect(1e4 * Math.log(2_510 / usd(up?.sqrtPriceLimitX96 ?? 0n))).toBeCloseTo(5, 6);
    const [down] = routerOrders([arbitrage(2_490)], pool);
    expect(down?.zeroForOne).toBe(stable === 1);
    expect(1e4 * Math.log(usd(down?.sqrtPriceLimitX96 ?? 0n) / 2_490)).toBeCloseTo(5, 6);
  });

  it('leave an arbitrage alone that does not pay, on both sides', () => {
    expect(routerOrders([arbitrage(2_501.9), arbitrage(2_498.1)], pool)).toEqual([undefined, undefined]);
  });

  it('go from one recorded price to the next, and send nothing for one that is there already', () => {
    const prices = [2_520, 2_480, 2_480, 2_485].map(
      (price) => ({ kind: 'to-price', sqrtPriceX96: at(price) }) as const,
    );
    const orders = routerOrders(prices, pool);
    const upwards = stable === 0;
    expect(orders.map((order) => order?.zeroForOne)).toEqual([upwards, !upwards, undefined, upwards]);
    expect(orders.map((order) => order?.sqrtPriceLimitX96)).toEqual([at(2_520), at(2_480), undefined, at(2_485)]);
  });

  it('send nothing for an amount that rounds to no WETH at all', () => {
    const dust = { kind: 'amount', side: 'sell-weth', amountUsdE6: 0n } as const;
    expect(routerOrders([dust], pool)).toEqual([undefined]);
  });
});
