import { expect, test } from 'vitest';
import { settings } from './config.ts';

const token = (symbol: string, decimals: number) => ({ symbol, decimals });
const pools = {
  main: {
    address: `0x${'8A'.repeat(20)}`,
    token0: token('USDC', 6),
    token1: token('WETH', 18),
    stable: 'token0',
    positions: [{ id: 'one', tokenId: '4' }],
  },
};
const parse = (schedule: object) =>
  settings.safeParse({
    log: {},
    health: {},
    nats: {},
    redis: {},
    chains: { base: { chainId: 8453, rpcUrl: 'http://127.0.0.1:9', pools } },
    scheduler: { schedules: [{ name: 's', cron: '0 * * * *', ...schedule }] },
  });

test.each([
  ['chain', { chain: 'bsae' }],
  ['pool', { pool: 'mian' }],
  ['position', { chain: 'base', position: 'two' }],
])('a schedule whose %s means nothing is refused', (field, schedule) => {
  const issues = parse(schedule).error?.issues ?? [];
  expect(issues.map(({ path }) => path)).toEqual([['scheduler', 'schedules', 0, field]]);
});

test.each([[{}], [{ chain: 'base', pool: 'main', position: 'one' }], [{ pool: `0x${'8a'.repeat(20)}` }]])(
  'a schedule that means a position is taken: %j',
  (schedule) => {
    expect(parse(schedule).success).toBe(true);
  },
);
