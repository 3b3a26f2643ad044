import { expect, it } from 'vitest';
import { openRasteriser } from './rasterise.ts';

const svg = (text: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40"><rect width="200" height="40" fill="#fff"/><text x="5" y="25" font-family="DejaVu Sans" font-size="16">${text}</text></svg>`;

it('draws the same bytes for the same picture, text included', async () => {
  const rasterise = await openRasteriser();
  const [one, again, other, empty] = await Promise.all(
    ['3,000.00', '3,000.00', '3,000.01', ''].map((text) => rasterise(svg(text))),
  );
  expect(
    Buffer.from(one ?? [])
      .subarray(1, 4)
      .toString(),
  ).toBe('PNG');
  expect(again).toEqual(one);
  expect(other).not.toEqual(one);
  // Without its fonts resvg would draw no text, silently.
  expect(empty).not.toEqual(one);
});
