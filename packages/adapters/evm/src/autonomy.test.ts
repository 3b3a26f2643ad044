import { expect, test } from 'vitest';
import { autonomyOf } from './autonomy.ts';
import { chainsSettings } from './settings.ts';

const address = `0x${'11'.repeat(20)}`;
const token = { symbol: 'T', decimals: 6 };
const { base } = chainsSettings.parse({
  base: {
    chainId: 8453,
    rpcUrl: 'http://127.0.0.1:1',
    pools: {
      main: {
        ...{ address, token0: token, token1: token, stable: 'token0' },
        positions: [
          { id: 'careful', tokenId: 1, autonomy: 'observe' },
          { id: 'plain', tokenId: 2 },
        ],
      },
    },
  },
});
const chain = base!;
const of = (position: string) => ({ chain, pool: address, position });

test('real money waits for a person unless somebody wrote that it need not; money that is not real does not wait', () => {
  expect(autonomyOf({ ...of('plain'), local: false })).toBe('propose');
  expect(autonomyOf({ ...of('plain'), local: true })).toBe('act');
  expect(autonomyOf({ ...of('unknown'), local: false })).toBe('propose');
});

test('what is configured counts, for the position before the installation', () => {
  expect(autonomyOf({ ...of('plain'), local: false, autonomy: 'act' })).toBe('act');
  expect(autonomyOf({ ...of('plain'), local: true, autonomy: 'propose' })).toBe('propose');
  expect(autonomyOf({ ...of('careful'), local: true, autonomy: 'act' })).toBe('observe');
});
