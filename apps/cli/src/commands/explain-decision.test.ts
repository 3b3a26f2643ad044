import type { PricedOption } from '@rangeward/contracts';
import { describe, expect, it } from 'vitest';
import { explainDecision } from './explain-decision.ts';

const hold: PricedOption = {
  kind: 'hold',
  range: { tickLower: 195_250, tickUpper: 196_050 },
  chosen: false,
  horizonS: 86_400,
  liquidity: 10_000_000_000_000_000n,
  idleUsdE6: 0,
  poolFeesPerDayUsdE6: 150_000_000_000,
  share: 0.000999000999000999,
  timeInRange: 0.16970456,
  feesUsdE6: 25_430_401,
  lvrUsdE6: 22_684_319,
  gasUsdE6: 0,
  swapUsdE6: 0,
  swapCostUsdE6: 0,
  realisedIlUsdE6: null,
  netUsdE6: 2_746_082,
  netPerDayUsdE6: 2_746_082,
};
const rebalance: PricedOption = {
  ...hold,
  kind: 'rebalance',
  range: { tickLower: 196_050, tickUpper: 196_450 },
  chosen: true,
  share: 0.00194585582,
  timeInRange: 0.64681662,
  feesUsdE6: 188_791_768,
  lvrUsdE6: 150_313_066,
  gasUsdE6: 4_743_750,
  swapUsdE6: 10_289_322_256,
  swapCostUsdE6: 10_289_323,
  realisedIlUsdE6: -123_000_000,
  netUsdE6: 23_445_629,
  netPerDayUsdE6: 23_445_629,
};
const unknown = { ...hold, poolFeesPerDayUsdE6: null, feesUsdE6: null, netUsdE6: null, netPerDayUsdE6: null };
const exit: PricedOption = { ...unknown, kind: 'exit', range: null, share: 0, timeInRange: 0, liquidity: 0n };
const gates = [
  { name: 'owner', passed: true, value: '0x01', threshold: 'the wallet that signs' },
  { name: 'fees-worth-gas', passed: false, value: '5.00 USD of fees, gas 0.83 USD', threshold: '>= 10 times the gas' },
];

function printed(options?: PricedOption[]): string {
  const written: string[] = [];
  const screen = { color: false, write: (more: string) => written.push(more) };
  const decision = { kind: 'rebalance' as const, reason: 'Rebalance: because.\u001b[2J', gates };
  explainDecision({ ...decision, ...(options && { options }) }, screen);
  return written.join('');
}

describe('a decision is explained', () => {
  it('with each option as a sum, the chosen one marked, what stands beside it, and each gate', () => {
    const lines = printed([hold, rebalance, exit])
      .split('\n')
      .map((each) => each.trimEnd());
    expect(lines.filter((each) => each !== '')).toEqual([
      'What it decided: REBALANCE',
      '  Rebalance: because.\\u001b[2J',
      '     option     range               pool’s fees a day  * own share  * in range  * days   = fees     - LVR    - gas  - swap  = net      net a day',
      '     hold       [195,250, 196,050)  $150,000.00        0.0999001 %  16.97046 %  1.00000  $25.43     $22.68   $0.00  $0.00   $2.75      $2.75',
      '  →  rebalance  [196,050, 196,450)  $150,000.00        0.1945856 %  64.68166 %  1.00000  $188.79    $150.31  $4.74  $10.29  $23.45     $23.45',
      '     exit       none                not known          0.0000000 %  0.00000 %   1.00000  not known  $22.68   $0.00  $0.00   not known  not known',
      '  A move is priced over the days that its range lasts: compare moves by the net a day.',
      '  rebalance [196,050, 196,450): swaps $10,289.32, fee and impact 0.100 % of it; makes -$123.00 against holding final, which is in no sum',
      '     gate            measured                        asked',
      '  ✓  owner           0x01                            the wallet that signs',
      '  ✗  fees-worth-gas  5.00 USD of fees, gas 0.83 USD  >= 10 times the gas',
    ]);
  });

  it('so that whoever redoes a sum from what is printed comes to the same cents', () => {
    for (const row of printed([hold, rebalance])
      .split('\n')
      .filter((each) => each.includes('$150,000.00'))) {
      const cells = row
        .slice(row.indexOf(')') + 1)
        .trim()
        .split(/ {2,}/);
      const [pool = 0, share = 0, inRange = 0, days = 0, fees = 0, lvr = 0, gas = 0, swap = 0, net = 0] = cells.map(
        (cell) => Number(cell.replace(/[$, %]/g, '')),
      );
      expect(Math.abs((pool * share * inRange * days) / 10_000 - fees)).toBeLessThan(0.006);
      expect(Math.abs(fees - lvr - gas - swap - net)).toBeLessThan(0.021);
    }
  });

  it('of a message from before options were priced without them', () => {
    expect(printed()).not.toContain('option');
    expect(printed()).toContain('fees-worth-gas');
  });
});
