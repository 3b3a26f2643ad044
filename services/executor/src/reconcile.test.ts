import { describe, expect, test } from 'vitest';
import { type Observed, reconcile } from './reconcile.ts';

const wallet = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';
const pool = '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640';
const token = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
const plan = 'a'.repeat(64);

const position: Observed['registered'][number] = {
  id: 'main',
  pool,
  tokenId: 9n,
  lineage: [7n, 9n],
  owner: wallet,
  liquidity: 10n,
  rests: false,
  disagrees: false,
  restored: false,
};
const whole: Observed = {
  wallet,
  known: true,
  nonce: { latest: 12, pending: 12, floor: 12 },
  openPlan: null,
  plans: [],
  registered: [position],
  configured: [],
  nfts: [{ tokenId: 9n, pool }],
  allowances: [],
  tokens: [{ token, balance: 100n, idle: 100n }],
};

const found = (change: Partial<Observed>) =>
  reconcile({ ...whole, ...change }).map(({ rule, code }) => `${rule} ${code}`);

test('where all agree nothing is found', () => {
  expect(reconcile(whole)).toEqual([]);
});

describe('each difference has one rule', () => {
  const nonce = (change: Partial<Observed['nonce']>) => ({ nonce: { ...whole.nonce, ...change } });
  const registered = (change: Partial<typeof position>) => ({ registered: [{ ...position, ...change }] });
  const rows: [string, Partial<Observed>, string[]][] = [
    ['Redis knew nothing', { known: false, nonce: { latest: 12, pending: 12, floor: null } }, ['adopt state-adopted']],
    ['a plan has steps on chain and no end', { plans: [{ planId: plan, stepsOnChain: 2 }] }, ['finish plan-half-done']],
    [
      'a plan is open and nothing of it is mined',
      { openPlan: plan, plans: [{ planId: plan, stepsOnChain: 0 }] },
      ['finish plan-open'],
    ],
    ['a plan waits for its message', { plans: [{ planId: plan, stepsOnChain: 0 }] }, []],
    ['the node lags', nonce({ latest: 10, pending: 10 }), ['tell node-lags']],
    [
      'a foreign nonce in the middle of a plan',
      { openPlan: plan, ...nonce({ latest: 13, pending: 13 }) },
      ['halt foreign-nonce'],
    ],
    ['the wallet was used between plans', nonce({ latest: 13, pending: 13 }), ['tell used-elsewhere']],
    ['a pending transaction of no plan', nonce({ pending: 14 }), ['halt foreign-pending']],
    ['a pending transaction of the open plan', { openPlan: plan, ...nonce({ pending: 13 }) }, []],
    ['the registry and the plans tell two lines', registered({ disagrees: true }), ['halt registry-disagrees']],
    ['the live NFT does not exist', registered({ owner: null, liquidity: null }), ['halt nft-gone']],
    ['the live NFT is somebody else’s', registered({ owner: `0x${'11'.repeat(20)}` }), ['halt nft-not-owned']],
    ['the live NFT is empty', registered({ liquidity: 0n }), ['tell nft-empty']],
    ['the live NFT is empty because all rests in the wallet', registered({ liquidity: 0n, rests: true }), []],
    ['the registry had lost the NFT', registered({ restored: true }), ['adopt position-restored']],
    ['an NFT that the configuration names', { nfts: [{ tokenId: 33n, pool }], configured: [33n] }, []],
    ['an NFT of a managed pool and of no line', { nfts: [{ tokenId: 33n, pool }] }, ['tell nft-unknown']],
    ['an NFT of another pool', { nfts: [{ tokenId: 33n, pool: null }] }, []],
    ['an NFT that an open plan just minted', { openPlan: plan, nfts: [{ tokenId: 33n, pool }] }, []],
    ['an approval stands', { allowances: [{ token, spender: pool, amount: 5n }] }, ['tell approval-stands']],
    ['an approval of the open plan', { openPlan: plan, allowances: [{ token, spender: pool, amount: 5n }] }, []],
    [
      'less in the wallet than should rest there',
      { tokens: [{ token, balance: 1n, idle: 2n }] },
      ['tell idle-missing'],
    ],
    ['more in the wallet than should rest there', { tokens: [{ token, balance: 3n, idle: 2n }] }, []],
  ];
  test.each(rows)('%s', (_, change, expected) => {
    expect(found(change)).toEqual(expected);
  });
});
