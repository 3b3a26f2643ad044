import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attributeValue } from './attribute-value.ts';
import { sumOfPartsX192, type TokenSums } from './attribution.ts';
import { type Amounts, amountsForLiquidityRoundingDown, amountsForLiquidityRoundingUp } from './liquidity-amounts.ts';
import { getSqrtRatioAtTick as price } from './tick-math.ts';
import {
  addAmounts,
  type LedgerEntry,
  type Mark,
  quoteAt,
  roundPartsTogether,
  subtractAmounts,
  valueX192,
} from './value-ledger.ts';

const numeraires = ['token0', 'token1'] as const;
const none = { amount0: 0n, amount1: 0n };

/** A random life of a line: what a step means is decided by what is possible then, so that every draw is a history. */
const aStep = fc.record({
  tick: fc.integer({ min: -1_500, max: 1_500 }),
  act: fc.constantFrom('open', 'gift', 'decrease', 'close', 'collect', 'swap', 'withdraw', 'gas', 'deposit'),
  size: fc.bigInt(1n, 10n ** 21n),
  fees: fc.record({ amount0: fc.bigInt(0n, 10n ** 15n), amount1: fc.bigInt(0n, 10n ** 15n) }),
});
type Step = { tick: number; act: string; size: bigint; fees: Amounts };

/** Keeps the books a second way: only what is held and what flowed. */
function live(baseTick: number, steps: readonly Step[]) {
  const entries: LedgerEntry[] = [];
  const nfts = new Map<bigint, { tickLower: number; tickUpper: number; liquidity: bigint; owed: Amounts }>();
  let idle: Amounts = none;
  let last = price(baseTick);
  for (const { tick, act, size, fees } of steps) {
    const sqrtPriceX96 = price(baseTick + tick);
    last = sqrtPriceX96;
    const [nft, open] = [...nfts].at(-1) ?? [0n, undefined];
    const at = { sqrtPriceX96 };
    if (act === 'deposit') {
      idle = addAmounts(idle, fees);
      entries.push({ kind: 'deposit', ...at, ...fees });
    } else if (act === 'gas') entries.push({ kind: 'gas', ...at, ...fees });
    else if (act === 'open') {
      const range = { tickLower: baseTick + tick - 300, tickUpper: baseTick + tick + 200, liquidity: size };
      const paid = amountsForLiquidityRoundingUp({ ...range, sqrtPriceX96 });
      entries.push({ kind: 'deposit', ...at, ...paid });
      entries.push({ kind: 'increase', nft: nft + 1n, liquidity: size, ...at, ...paid });
      nfts.set(nft + 1n, { ...range, owed: none });
    } else if (act === 'swap') {
      const swap = { amount0: -(idle.amount0 / 2n), amount1: idle.amount0 / 3n };
      idle = addAmounts(idle, swap);
      entries.push({ kind: 'swap', ...at, ...swap });
    } else if (act === 'withdraw') {
      const out = { amount0: idle.amount0 / 3n, amount1: idle.amount1 };
      idle = subtractAmounts(idle, out);
      entries.push({ kind: 'withdrawal', ...at, ...out });
    } else if (open === undefined) continue;
    else if (act === 'gift') {
      const paid = amountsForLiquidityRoundingUp({ ...open, liquidity: size, sqrtPriceX96 });
      open.liquidity += size;
      entries.push({ kind: 'gift', nft, liquidity: size, ...at, ...paid });
    } else if (act === 'collect') {
      const paid = addAmounts(open.owed, fees);
      open.owed = none;
      idle = addAmounts(idle, paid);
      entries.push({ kind: 'collect', nft, ...at, ...paid });
    } else {
      const liquidity = act === 'close' ? open.liquidity : open.liquidity / 3n;
      const paid = amountsForLiquidityRoundingDown({ ...open, liquidity, sqrtPriceX96 });
      open.liquidity -= liquidity;
      open.owed = addAmounts(open.owed, paid);
      entries.push({ kind: 'decrease', nft, liquidity, ...at, ...paid });
    }
  }
  return { entries, idle, nfts, last };
}

function markOf({ nfts, last }: ReturnType<typeof live>, fees: Amounts): Mark {
  const positions = [...nfts].map(([nft, position]) => ({
    nft,
    principal: amountsForLiquidityRoundingDown({ ...position, sqrtPriceX96: last }),
    collectable: addAmounts(position.owed, fees),
  }));
  return { sqrtPriceX96: last, positions };
}

/** in = out + held, for one token. */
function expectTokensConserved(sums: TokenSums, token: 'amount0' | 'amount1'): void {
  const of = (name: keyof TokenSums) => sums[name][token];
  const came = of('deposited') + of('gifts') + of('feesCollected') + of('swapped') + of('fromLiquidity');
  expect(came).toBe(of('withdrawn') + of('idle') + of('owed') + of('principal'));
}

describe('attributeValue', () => {
  it('adds up to the last bit over any history, in both tokens, and the tokens to the wei', () => {
    const property = fc.property(
      fc.constantFrom(-196_250, 0, 196_250, -600_000),
      fc.array(aStep, { maxLength: 30 }),
      fc.constantFrom(none, { amount0: 12_345n, amount1: 678n }),
      (baseTick, steps, fees) => {
        const history = live(baseTick, steps);
        const mark = markOf(history, fees);
        for (const numeraire of numeraires) {
          const found = attributeValue({ entries: history.entries, mark, numeraire });
          expect(sumOfPartsX192(found.parts)).toBe(found.changeX192);
          expect(found.changeX192).toBe(changeByFlows(history, mark, numeraire));
          const againstHodl = found.valueX192 - found.hodlValueX192 + found.parts.gasX192;
          expect(againstHodl).toBe(found.changeX192 - found.parts.priceX192);
          expectTokensConserved(found.tokens, 'amount0');
          expectTokensConserved(found.tokens, 'amount1');
          expect(found.tokens.idle).toEqual(history.idle);
          const rounded = roundPartsTogether(Object.values(found.parts));
          expect(rounded.reduce((sum, part) => sum + part, 0n)).toBe(found.changeX192 >> 192n);
        }
      },
    );
    fc.assert(property, { numRuns: 150 });
  });

  /** Value held and taken out, less what was put in and gas, each at its own price: known without any attribution. */
  function changeByFlows(history: ReturnType<typeof live>, mark: Mark, numeraire: 'token0' | 'token1'): bigint {
    const end = quoteAt(mark.sqrtPriceX96, numeraire);
    let change = valueX192(history.idle, end);
    for (const { principal, collectable } of mark.positions)
      change += valueX192(addAmounts(principal, collectable), end);
    for (const entry of history.entries) {
      const worth = valueX192(entry, quoteAt(entry.sqrtPriceX96, numeraire));
      if (entry.kind === 'deposit' || entry.kind === 'gas') change -= worth;
      if (entry.kind === 'withdrawal') change += worth;
    }
    return change;
  }

  const range = { tickLower: -1_000, tickUpper: 1_000, liquidity: 10n ** 20n };
  const paid = amountsForLiquidityRoundingUp({ ...range, sqrtPriceX96: price(0) });
  const opened: LedgerEntry[] = [
    { kind: 'deposit', sqrtPriceX96: price(0), ...paid },
    { kind: 'increase', nft: 1n, liquidity: range.liquidity, sqrtPriceX96: price(0), ...paid },
  ];

  it('of one position is textbook: price of the deposits, IL of the formula, and the fees', () => {
    const sqrtPriceX96 = price(500);
    const principal = amountsForLiquidityRoundingDown({ ...range, sqrtPriceX96 });
    const fees = { amount0: 7n, amount1: 11n };
    const mark = { sqrtPriceX96, positions: [{ nft: 1n, principal, collectable: fees }] };
    const { parts, hodlValueX192, stages } = attributeValue({ entries: opened, mark, numeraire: 'token1' });
    expect(parts.priceX192).toBe(paid.amount0 * (price(500) ** 2n - price(0) ** 2n));
    expect(parts.feesUncollectedX192).toBe(valueX192(fees, quoteAt(sqrtPriceX96, 'token1')));
    expect(parts).toMatchObject({
      ilRealisedX192: 0n,
      ilCarriedX192: 0n,
      swapCostX192: 0n,
      gasX192: 0n,
      giftsX192: 0n,
    });
    // V_LP / V_HODL - 1 with s from 1 to 1.0001^250 in the range 1.0001^±500: a whole price P = s^2.
    const [s, a, b] = [1.0001 ** 250, 1.0001 ** -500, 1.0001 ** 500];
    const lp = s ** 2 * (1 / s - 1 / b) + (s - a);
    const hodl = s ** 2 * (1 - 1 / b) + (1 - a);
    expect(Number(parts.ilUnrealisedX192) / Number(hodlValueX192)).toBeCloseTo(lp / hodl - 1, 12);
    expect(stages).toEqual([
      {
        nft: 1n,
        feesX192: parts.feesUncollectedX192,
        ilX192: parts.ilUnrealisedX192,
        putInX192: valueX192(paid, quoteAt(price(0), 'token1')),
        open: true,
      },
    ]);
  });

  it('realises the IL when the liquidity is taken out, and what the price does to the changed tokens is carried', () => {
    const there = price(500);
    const out = amountsForLiquidityRoundingDown({ ...range, sqrtPriceX96: there });
    const left: LedgerEntry[] = [
      ...opened,
      { kind: 'decrease', nft: 1n, liquidity: range.liquidity, sqrtPriceX96: there, ...out },
      { kind: 'collect', nft: 1n, sqrtPriceX96: there, ...out },
    ];
    const attribute = (sqrtPriceX96: bigint) =>
      attributeValue({ entries: left, mark: { sqrtPriceX96, positions: [] }, numeraire: 'token1' }).parts;
    const now = attribute(there);
    expect(now.ilRealisedX192 < 0n && now.ilUnrealisedX192 === 0n && now.ilCarriedX192 === 0n).toBe(true);
    const back = attribute(price(0));
    expect(back.ilRealisedX192).toBe(now.ilRealisedX192);
    expect(back.priceX192).toBe(0n);
    // Holding fewer of a token while its price falls back is a gain that a position left in would have had as well.
    expect(back.ilCarriedX192 > 0n).toBe(true);
  });

  it('refuses books that use what was never there, and liquidity that the mark forgot', () => {
    const mark = { sqrtPriceX96: price(0), positions: [] };
    expect(() => attributeValue({ entries: opened.slice(1), mark, numeraire: 'token0' })).toThrow(
      /a deposit is missing/,
    );
    expect(() => attributeValue({ entries: opened, mark, numeraire: 'token0' })).toThrow(/NFT 1 .* not in the mark/);
    const tooMuch: LedgerEntry = { kind: 'decrease', nft: 1n, liquidity: 10n ** 21n, sqrtPriceX96: price(0), ...none };
    expect(() => attributeValue({ entries: [...opened, tooMuch], mark, numeraire: 'token0' })).toThrow(
      /less liquidity/,
    );
  });
});
