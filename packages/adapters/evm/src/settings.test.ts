import { expect, test } from 'vitest';
import { chainsSettings, describeChain } from './settings.ts';

const pool = {
  address: `0x${'AB'.repeat(20)}`,
  token0: { symbol: 'USDC', decimals: 6 },
  token1: { symbol: 'WETH', decimals: 18 },
  stable: 'token0',
};
const parse = (given: object, contracts = {}) =>
  chainsSettings.safeParse({
    base: { chainId: 8453, rpcUrl: 'http://127.0.0.1:1', contracts, pools: { main: { ...pool, ...given } } },
  });

test('addresses are taken in any spelling', () => {
  expect(parse({}).data?.base?.pools.main?.address).toBe(`0x${'ab'.repeat(20)}`);
});

test('a dollar token of another scale is refused where it stands, whichever token it is', () => {
  const dai = { symbol: 'DAI', decimals: 18 };
  expect(parse({ token0: dai }).error?.issues[0]).toMatchObject({
    path: ['base', 'pools', 'main', 'token0', 'decimals'],
    message: 'the dollar token must have 6 decimals',
  });
  expect(parse({ stable: 'token1' }).error?.issues[0]?.path.at(-2)).toBe('token1');
});

test('a chain is known by its id, overridden by what is configured, and an unknown one must name all its contracts', () => {
  const factory = `0x${'11'.repeat(20)}`;
  const settings = parse({}, { factory }).data?.base;
  if (settings === undefined) throw new Error('the sample is refused');
  expect(describeChain('base', settings)).toMatchObject({ factory, blockTimeS: 2, routerKind: 'swap-router-02' });
  expect(() => describeChain('other', { ...settings, chainId: 5 })).toThrow(/chains\.other\.contracts must name all/);
});

test('one name, one pool or one NFT that stands there twice is refused where it stands again', () => {
  const issuesOf = (pools: object) =>
    chainsSettings
      .safeParse({ base: { chainId: 8453, rpcUrl: 'http://127.0.0.1:1', pools } })
      .error?.issues.map(({ path }) => path.slice(2).join('.'));
  const [one, two] = [
    { id: 'one', tokenId: '1' },
    { id: 'two', tokenId: '2' },
  ];
  const other = { ...pool, address: `0x${'cd'.repeat(20)}` };
  expect(
    issuesOf({ a: { ...pool, positions: [one, two] }, b: { ...other, positions: [{ ...one, tokenId: '3' }] } }),
  ).toBe(undefined);
  expect(issuesOf({ a: { ...pool, positions: [one, { ...two, id: 'one' }] } })).toEqual(['a.positions.1.id']);
  expect(issuesOf({ a: pool, b: { ...pool, address: pool.address.toLowerCase() } })).toEqual(['b.address']);
  expect(
    issuesOf({ a: { ...pool, positions: [one] }, b: { ...other, positions: [{ ...two, tokenId: '1' }] } }),
  ).toEqual(['b.positions.0.tokenId']);
});
