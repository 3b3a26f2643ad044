/** The few elements that our charts are made of, as text; coordinates are rounded to hundredths of a pixel. */

export type Scale = {
  /** The coordinate of a value. */
  at(value: number): number;
  /** Round values within the scale, about so many. */
  steps(about: number): number[];
};

/** From values to pixels: `high` lies at `top`, `low` at `bottom`. */
export function scaleOf(given: {
  readonly low: number;
  readonly high: number;
  readonly top: number;
  readonly bottom: number;
}): Scale {
  const { low, high, top, bottom } = given;
  return {
    at: (value) => bottom - ((value - low) / (high - low)) * (bottom - top),
    steps(about) {
      const rough = (high - low) / about;
      const power = 10 ** Math.floor(Math.log10(rough));
      const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
      const first = Math.ceil(low / step);
      const count = Math.floor(high / step) - first + 1;
      return Array.from({ length: count }, (_, index) => (first + index) * step);
    },
  };
}

export function line(given: {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  readonly colour: string;
  readonly width?: number;
  readonly dash?: string;
}): string {
  const dash = given.dash === undefined ? '' : ` stroke-dasharray="${given.dash}"`;
  const ends = `x1="${at(given.x1)}" y1="${at(given.y1)}" x2="${at(given.x2)}" y2="${at(given.y2)}"`;
  return `<line ${ends} stroke="${given.colour}" stroke-width="${given.width ?? 1}"${dash}/>`;
}

export function rect(given: {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly colour: string;
  readonly opacity?: number;
}): string {
  const place = `x="${at(given.x)}" y="${at(given.y)}" width="${at(given.width)}" height="${at(given.height)}"`;
  const opacity = given.opacity === undefined ? '' : ` fill-opacity="${given.opacity}"`;
  return `<rect ${place} fill="${given.colour}"${opacity}/>`;
}

export function label(given: {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly size: number;
  readonly colour: string;
  readonly bold?: boolean;
  readonly anchor?: 'start' | 'middle' | 'end';
}): string {
  const look = `font-size="${given.size}" fill="${given.colour}"${given.bold === true ? ' font-weight="bold"' : ''}`;
  const anchor = given.anchor === undefined ? '' : ` text-anchor="${given.anchor}"`;
  return `<text x="${at(given.x)}" y="${at(given.y)}" ${look}${anchor}>${escapeText(given.text)}</text>`;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function at(value: number): string {
  return String(Math.round(value * 100) / 100);
}
