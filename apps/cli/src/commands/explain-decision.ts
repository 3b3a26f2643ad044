import type { decisionMade, EventData, PricedOption } from '@rangeward/contracts';
import { printTable } from '../output.ts';
import { integer, percent, signedUsd, usd } from '../story/format-amounts.ts';
import { printTitle, type Screen } from '../story/print-story.ts';
import { showControls } from '../story/show-controls.ts';

type Decision = Pick<EventData<typeof decisionMade>, 'kind' | 'reason' | 'gates' | 'options'>;

const names: Record<PricedOption['kind'], string> = {
  hold: 'hold',
  collect: 'collect',
  rebalance: 'rebalance',
  'rebalance-without-swap': 'without a swap',
  exit: 'exit',
};

/** What was decided and why: each option as a sum that can be redone from left to right, then each gate. */
export function explainDecision(decision: Decision, screen: Screen): void {
  printTitle(screen, `What it decided: ${decision.kind.toUpperCase()}`);
  screen.write(`  ${showControls(decision.reason)}\n\n`);
  if (decision.options !== undefined && decision.options.length > 0) explainOptions(decision.options, screen);
  printTable(
    screen,
    ['', 'gate', 'measured', 'asked'],
    decision.gates.map((gate) => [gate.passed ? '  ✓' : '  ✗', gate.name, gate.value, gate.threshold]),
  );
}

function explainOptions(options: readonly PricedOption[], screen: Screen): void {
  printTable(
    screen,
    [
      ...['', 'option', 'range', 'pool’s fees a day', '* own share', '* in range', '* days'],
      ...['= fees', '- LVR', '- gas', '- swap', '= net', 'net a day'],
    ],
    options.map(sumOf),
  );
  screen.write('\n  A move is priced over the days that its range lasts: compare moves by the net a day.\n');
  for (const text of options.flatMap(notesOf)) screen.write(`  ${text}\n`);
  screen.write('\n');
}

/** With so many digits that whoever redoes it comes to the same cents. */
function sumOf(option: PricedOption): string[] {
  const { poolFeesPerDayUsdE6, feesUsdE6, netUsdE6, netPerDayUsdE6 } = option;
  const known = (usdE6: number | null) => (usdE6 === null ? 'not known' : usd(usdE6));
  return [
    option.chosen ? '  →' : '   ',
    names[option.kind],
    rangeOf(option),
    known(poolFeesPerDayUsdE6),
    percent(option.share, 7),
    percent(option.timeInRange, 5),
    (option.horizonS / 86_400).toFixed(5),
    known(feesUsdE6),
    usd(option.lvrUsdE6),
    usd(option.gasUsdE6),
    usd(option.swapCostUsdE6),
    known(netUsdE6),
    known(netPerDayUsdE6),
  ];
}

function rangeOf({ range }: PricedOption): string {
  return range === null ? 'none' : `[${integer(range.tickLower)}, ${integer(range.tickUpper)})`;
}

/** What stands beside the sum: how much is swapped, what stays over, and what a move makes final. */
function notesOf(option: PricedOption): string[] {
  const parts = [
    ...(option.swapUsdE6 > 0
      ? [`swaps ${usd(option.swapUsdE6)}, fee and impact ${percent(option.swapCostUsdE6 / option.swapUsdE6, 3)} of it`]
      : []),
    ...(option.idleUsdE6 > 0 ? [`leaves ${usd(option.idleUsdE6)} idle in the wallet`] : []),
    ...(option.realisedIlUsdE6 === null
      ? []
      : [`makes ${signedUsd(option.realisedIlUsdE6)} against holding final, which is in no sum`]),
  ];
  return parts.length === 0 ? [] : [`${names[option.kind]} ${rangeOf(option)}: ${parts.join('; ')}`];
}
