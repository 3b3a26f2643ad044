// The decisions one by one, with everything they were made from.
import { data, el, percent, price, rowOf, section, swatch, tableOf, time, usd } from './elements.js';

const KINDS = { hold: 'hold', collect: 'collect', rebalance: 'move', exit: 'exit' };
let onlyDone = true;
let openStrategy = 0;

export function decisions() {
  const list = el('div', { class: 'list' });
  const detail = el('div', { class: 'detail' });
  const button = (change, ...children) => el('button', { onclick: () => press(change) }, ...children);
  const tabs = data.strategies.map((one, index) =>
    button(
      () => {
        openStrategy = index;
      },
      swatch(index),
      one.strategy,
    ),
  );
  const filters = ['done', 'all'].map((name) =>
    button(() => {
      onlyDone = name === 'done';
    }, name),
  );
  const press = (change) => {
    change();
    for (const [index, tab] of tabs.entries()) tab.setAttribute('aria-pressed', String(index === openStrategy));
    for (const [index, one] of filters.entries()) one.setAttribute('aria-pressed', String((index === 0) === onlyDone));
    fillList(list, detail);
  };
  press(() => {});
  const bar = el('div', { class: 'tabs' }, ...tabs, el('span', { style: 'flex: 1' }), ...filters);
  return section('Decisions', lookAheadNote(), bar, el('div', { class: 'decisions' }, list, detail));
}

function lookAheadNote() {
  const check = data.lookAhead;
  if (check === null) return null;
  const found =
    check.differs === null
      ? 'all came out the same'
      : `the one at ${time(check.differs.atS)} did not, so it looked ahead`;
  return `${check.checked} of ${check.of} decisions were made again from a past cut off right after them: ${found}.`;
}

function fillList(list, detail) {
  const all = data.strategies[openStrategy].decisions;
  const some = onlyDone ? all.filter(({ kind }) => kind !== 'hold') : all;
  const choose = (row, decision) => {
    for (const other of list.querySelectorAll('tr')) other.setAttribute('aria-selected', String(other === row));
    detail.replaceChildren(...detailOf(decision));
  };
  const rows = some.map((decision) => {
    const act = () => choose(row, decision);
    const cells = [time(decision.atS), decision.trigger, KINDS[decision.kind] ?? decision.kind];
    const row = rowOf(cells, { tabindex: 0, onclick: act, onkeydown: ({ key }) => key === 'Enter' && act() });
    return row;
  });
  const head = el('thead', {}, rowOf(['UTC', 'woken by', 'decided'], {}, 'th'));
  list.replaceChildren(el('table', { class: 'text' }, head, el('tbody', {}, ...rows)));
  const why = all.length === 0 ? 'It is never asked.' : 'Nothing was done; "all" shows why.';
  if (some.length > 0) choose(rows[0], some[0]);
  else detail.replaceChildren(el('p', { class: 'soft' }, why));
}

function detailOf(decision) {
  const { view, gates, options, execution, had } = decision;
  const range = (one) =>
    one === null ? 'none' : `${price(one.lowerUsd)} to ${price(one.upperUsd)} [${one.tickLower}, ${one.tickUpper})`;
  const facts = [
    ['price', `${price(decision.priceUsdE6 / 1e6)}, tick ${decision.tick}`],
    ['range then', range(had)],
    ...(decision.range === null ? [] : [['range after', range(decision.range)]]),
    ...(execution === null
      ? []
      : [
          [
            'what came of it',
            execution.kind === 'done'
              ? `done at ${time(execution.atS)}, gas ${usd(execution.gasUsdE6)} USD, swapped ${usd(execution.swapUsdE6)} USD`
              : `refused: ${execution.reason}`,
          ],
        ]),
    ...(view === null ? [] : viewFacts(view)),
  ];
  const gateRows = gates.map(({ name, passed, value, threshold }) => {
    const row = rowOf(['', name, value, threshold]);
    row.firstChild.append(el('span', { class: passed ? 'yes' : 'no' }, passed ? '✓' : '✗'));
    return row;
  });
  const dollars = (value) => (value === null ? 'not known' : usd(value));
  const optionRows = options.map((one) =>
    rowOf([
      `${one.chosen ? '→ ' : ''}${one.kind}`,
      one.range === null ? '' : `${price(one.range.lowerUsd)}–${price(one.range.upperUsd)}`,
      dollars(one.feesUsdE6),
      dollars(one.lvrUsdE6),
      dollars(one.gasUsdE6),
      dollars(one.swapCostUsdE6),
      dollars(one.netUsdE6),
    ]),
  );
  return [
    el('p', {}, decision.reason),
    el('dl', { class: 'facts' }, ...facts.flatMap(([name, text]) => [el('dt', {}, name), el('dd', {}, text)])),
    ...(options.length === 0
      ? []
      : [
          el('h3', {}, `Options over ${options[0].horizonS / 3600} h, USD`),
          tableOf(['', 'range', 'fees', 'LVR', 'gas', 'swap', 'net'], optionRows),
        ]),
    ...(gates.length === 0
      ? []
      : [el('h3', {}, 'Gates'), tableOf(['', 'gate', 'measured', 'asked'], gateRows, { class: 'text' })]),
  ];
}

function viewFacts({ prior, likelihood, posterior, range, regime }) {
  return [
    [
      'prior',
      `${price(prior.centerUsdE6 / 1e6)} ± ${percent(prior.sigmaLog, 2)} (${prior.source}, ${prior.blocksWithTrades} blocks)`,
    ],
    [
      'likelihood',
      `± ${percent(likelihood.sigmaLog, 2)}, ${percent(likelihood.volatilityAnnual, 0)} a year from ${likelihood.candles} candles`,
    ],
    [
      'posterior',
      `${price(posterior.centerUsdE6 / 1e6)} ± ${percent(posterior.sigmaLog, 2)} in ${posterior.horizonS / 60} minutes`,
    ],
    [
      'recommended',
      `${price(range.lowerUsdE6 / 1e6)} to ${price(range.upperUsdE6 / 1e6)}, holds ${percent(range.mass)}`,
    ],
    ...(regime === null ? [] : [['regime', regime]]),
  ];
}
