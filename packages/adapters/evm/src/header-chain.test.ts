import fc from 'fast-check';
import type { Hex } from 'viem';
import { expect, test } from 'vitest';
import { decideStep, extendChain, type HeaderChain, type Link, splitAtAncestor } from './header-chain.ts';

const hash = (name: string): Hex => `0x${Buffer.from(name).toString('hex')}`;
const link = (number: number, branch: string, parentBranch = branch): Link => ({
  number,
  hash: hash(`${branch}${number}`),
  parentHash: hash(`${parentBranch}${number - 1}`),
});
const chainOf = (from: number, to: number): HeaderChain =>
  Array.from({ length: to - from + 1 }, (_, index) => link(from + index, 'a'));

test('the first head starts, the child extends, the tip again is known', () => {
  expect(decideStep([], link(7, 'a')).kind).toBe('start');
  expect(decideStep(chainOf(1, 6), link(7, 'a')).kind).toBe('extend');
  expect(decideStep(chainOf(1, 7), link(7, 'a')).kind).toBe('known');
  expect(decideStep(chainOf(1, 7), link(4, 'a')).kind).toBe('known');
});

test('a gap, a sibling, a child of a sibling and a lower stranger are searched for', () => {
  const chain = chainOf(1, 7);
  expect(decideStep(chain, link(9, 'a')).kind).toBe('search');
  expect(decideStep(chain, link(7, 'b', 'a')).kind).toBe('search');
  expect(decideStep(chain, link(8, 'b')).kind).toBe('search');
  expect(decideStep(chain, link(3, 'b')).kind).toBe('search');
});

test('extending keeps the newest and refuses what does not follow', () => {
  expect(extendChain(chainOf(1, 5), link(6, 'a'), 3)).toEqual(chainOf(4, 6));
  expect(extendChain([], link(6, 'b'), 3)).toEqual([link(6, 'b')]);
  expect(() => extendChain(chainOf(1, 5), link(6, 'b'), 3)).toThrow(RangeError);
  expect(() => extendChain(chainOf(1, 5), link(7, 'a'), 3)).toThrow(RangeError);
});

test('the split is at the highest common block, whatever the depth of the other branch', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 25 }), (length, depth) => {
      const chain = chainOf(100, 100 + length - 1);
      const canonical = new Map(
        chain.map(({ number, hash: own }, index) => [number, index < length - depth ? own : hash(`b${number}`)]),
      );
      const { kept, dropped, lost } = splitAtAncestor(chain, canonical);
      expect(kept).toHaveLength(Math.max(0, length - depth));
      expect([...kept, ...dropped.toReversed()]).toEqual(chain);
      expect(lost).toBe(depth >= length);
    }),
  );
});

test('heights the node does not have any more fall off', () => {
  const canonical = new Map(chainOf(1, 3).map((kept) => [kept.number, kept.hash]));
  const { kept, dropped } = splitAtAncestor(chainOf(1, 5), canonical);
  expect(kept.at(-1)?.number).toBe(3);
  expect(dropped.map(({ number }) => number)).toEqual([5, 4]);
});
