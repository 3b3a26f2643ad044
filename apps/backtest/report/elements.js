// What all parts of the page use: the figures from the JSON beside it (gzip, base64), elements and numbers as text. Text is
// only ever set as text, never as markup: names come from recordings.
const packed = Uint8Array.from(atob(document.getElementById('data').textContent), (letter) => letter.charCodeAt(0));
const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
export const data = await new Response(unpacked).json();
export const COLORS = ['--s0', '--s1', '--s2', '--s3'];
export const [ours] = data.strategies;

export const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
export const colorOf = (index) => css(COLORS[index % COLORS.length]);
export const usd = (usdE6, digits = 2) =>
  (usdE6 / 1e6).toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
export const signed = (usdE6) => `${usdE6 >= 0 ? '+' : '−'}${usd(Math.abs(usdE6))}`;
export const percent = (share, digits = 1) => `${(share * 100).toFixed(digits)} %`;
export const price = (value) => value.toLocaleString('en-US', { maximumFractionDigits: 2 });
export const time = (timeS) => new Date(timeS * 1000).toISOString().slice(0, 16).replace('T', ' ');

/** An element: `el('td', { class: 'no' }, 'text', other)`. */
export function el(name, attributes = {}, ...children) {
  const svg = ['svg', 'rect', 'line', 'text', 'circle', 'path', 'title', 'g'].includes(name);
  const element = svg ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export const rowOf = (cells, attributes = {}, cell = 'td') =>
  el('tr', attributes, ...cells.map((text) => el(cell, {}, text)));
export const tableOf = (head, rows, attributes = {}) =>
  el(
    'div',
    { class: 'scroll' },
    el('table', attributes, el('thead', {}, rowOf(head, {}, 'th')), el('tbody', {}, ...rows)),
  );
export const section = (title, note, ...children) =>
  el('section', {}, el('h2', {}, title), note === null ? null : el('p', { class: 'note' }, note), ...children);
export const swatch = (index) =>
  el('span', { class: 'key', style: `background: var(${COLORS[index % COLORS.length]})` });
export const legend = () =>
  el('div', { class: 'legend' }, ...data.strategies.map((one, index) => el('span', {}, swatch(index), one.strategy)));
