import fc from 'fast-check';
import { expect, test } from 'vitest';
import { detectBreach } from './detect-breach.ts';
import { type Episode, stepEpisode } from './step-episode.ts';

const range = { tickLower: -100, tickUpper: 100 };

test.each([
  [-111, 'below'],
  [-110, 'buffer'],
  [-101, 'buffer'],
  [-100, 'inside'],
  [99, 'inside'],
  [100, 'buffer'],
  [109, 'buffer'],
  [110, 'above'],
])('with a buffer of 10 around [-100, 100) the tick %i is %s', (tick, where) => {
  expect(detectBreach(tick, range, 10)).toBe(where);
});

test('without a buffer every tick outside is a breach: the upper end is outside, the lower is not', () => {
  expect(detectBreach(-101, range, 0)).toBe('below');
  expect(detectBreach(-100, range, 0)).toBe('inside');
  expect(detectBreach(100, range, 0)).toBe('above');
});

test('mirroring the token order mirrors the answer', () => {
  // The other order's tick of the same price is -tick - 1 (floor), and [a, b) becomes [-b, -a).
  fc.assert(
    fc.property(fc.integer({ min: -500, max: 500 }), fc.integer({ min: 0, max: 50 }), (tick, buffer) => {
      const mirrored = detectBreach(-tick - 1, { tickLower: -range.tickUpper, tickUpper: -range.tickLower }, buffer);
      const names = { inside: 'inside', buffer: 'buffer', below: 'above', above: 'below' } as const;
      expect(names[mirrored]).toBe(detectBreach(tick, range, buffer));
    }),
  );
});

/** What is announced of one block after the other; those of `passed` are known to be followed by others. */
function announcements(
  ticks: readonly number[],
  rearmBlocks: number,
  passed: (block: number) => boolean = () => false,
): { block: number; side: string }[] {
  let open: Episode | null = null;
  const said: { block: number; side: string }[] = [];
  ticks.forEach((tick, block) => {
    const seen = { where: detectBreach(tick, range, 10), tokenId: '1', block, isNewest: !passed(block) };
    const step = stepEpisode(open, seen, rearmBlocks);
    if (step.kind === 'announce') {
      open = step.episode;
      said.push({ block, side: step.episode.side });
    } else if (step.kind === 'close') open = null;
  });
  return said;
}

test('one announcement until the price was inside; the buffer neither begins nor ends an episode', () => {
  expect(announcements([0, 105, 120, 105, 130, 200], 0)).toEqual([{ block: 2, side: 'above' }]);
  expect(announcements([120, 99, 120], 0)).toEqual([
    { block: 0, side: 'above' },
    { block: 2, side: 'above' },
  ]);
});

test('through the range in one block is a new episode on the other side', () => {
  expect(announcements([120, -120, 120], 0).map(({ side }) => side)).toEqual(['above', 'below', 'above']);
});

test('a price that stays outside is said again every so many blocks, or never', () => {
  const outside = Array.from({ length: 11 }, () => 150);
  expect(announcements(outside, 5).map(({ block }) => block)).toEqual([0, 5, 10]);
  expect(announcements(outside, 0).map(({ block }) => block)).toEqual([0]);
});

test('of a gap only the newest block is announced, as if the ones before had been looked at', () => {
  const gap = (block: number) => block < 4;
  expect(announcements([120, 0, -120, 0, 120], 0, gap)).toEqual([{ block: 4, side: 'above' }]);
  expect(announcements([120, 0, -120, 0, 0], 0, gap)).toEqual([]);
  // Announced before the gap: the same episode is not said again, one that ended in the gap is.
  const later = (block: number) => block > 0 && block < 4;
  expect(announcements([120, 130, 105, 120, 150], 0, later)).toEqual([{ block: 0, side: 'above' }]);
  expect(announcements([120, 0, 120, 130, 150], 0, later).map(({ block }) => block)).toEqual([0, 4]);
  expect(announcements([120, -120, -130, 120, 150], 0, later).map(({ block }) => block)).toEqual([0, 4]);
  expect(announcements([150, 150, 150, 150, 150], 2, later).map(({ block }) => block)).toEqual([0, 4]);
});

test('another NFT begins a new episode', () => {
  const open = { tokenId: '1', side: 'above', block: 7 } as const;
  expect(stepEpisode(open, { where: 'above', tokenId: '2', block: 8, isNewest: true }, 0).kind).toBe('announce');
});

test('between two announcements on one side the price was inside, whatever the path', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -150, max: 150 }), { maxLength: 60 }), (ticks) => {
      const said = announcements(ticks, 0);
      said.slice(1).forEach((next, index) => {
        const before = said[index];
        if (before === undefined || before.side !== next.side) return;
        const between = ticks.slice(before.block, next.block);
        expect(between.some((tick) => detectBreach(tick, range, 10) === 'inside')).toBe(true);
      });
      const firstOut = ticks.findIndex((tick) => ['below', 'above'].includes(detectBreach(tick, range, 10)));
      expect(said[0]?.block ?? -1).toBe(firstOut);
    }),
  );
});
