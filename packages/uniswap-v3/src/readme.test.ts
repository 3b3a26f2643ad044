import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { poolFeeGrowthInside } from './pool-liquidity.ts';
import * as replay from './pool-replay.ts';
import * as state from './pool-state.ts';
import { uncollectedFees } from './position.ts';

describe('the README', () => {
  it('has an example that does what it says', () => {
    const text = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const code = /```ts\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
    const plain = code.replace(/^import .*$/gm, '').replace(': PoolEvent[]', '');
    const names = { ...replay, ...state, poolFeeGrowthInside, uncollectedFees };
    // The example as a function of what it imports.
    const run = new Function(...Object.keys(names), `${plain}\nreturn { result, fees };`);
    const said = /amount0: (\d+)n, amount1: (\d+)n \}\n/.exec(code.slice(code.indexOf('const fees')));
    const fees = { amount0: BigInt(said?.[1] ?? -1), amount1: BigInt(said?.[2] ?? -1) };
    expect(run(...Object.values(names))).toEqual({ result: { kind: 'followed', events: 2 }, fees });
  });
});
