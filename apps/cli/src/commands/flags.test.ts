import { expect, it } from 'vitest';
import { CommandFailure } from '../command-failure.ts';
import { pnl } from './pnl.ts';
import { convertLogs } from './recordings.ts';

const screen = { write: () => true, color: false, columns: 80 };

it.each([0, 1.5, 1001, 1e9])('pnl refuses %d periods before it asks anybody anything', async (periods) => {
  const options = { type: 'total', period: 'day', periods, detailed: false, csv: false, json: false } as const;
  await expect(pnl(options, screen)).rejects.toThrow(CommandFailure);
});

it('a recording is not made with its tokens taken for one another', async () => {
  const [usdc, weth] = [`0xa0${'00'.repeat(19)}:USDC:6`, `0xC0${'00'.repeat(19)}:WETH:18`];
  const flags = { out: 'never', chainId: 1, pool: `0x${'11'.repeat(20)}`, fee: 500, spacing: 10, json: false };
  await expect(convertLogs('none.csv', { ...flags, token0: weth, token1: usdc }, screen)).rejects.toThrow(
    /lower address/,
  );
  await expect(convertLogs('none.csv', { ...flags, token0: usdc, token1: weth }, screen)).rejects.toThrow(
    /no such file/,
  );
});
