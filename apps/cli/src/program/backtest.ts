import { type Command, Option } from 'commander';
import type { Screen } from '../story/print-story.ts';
import { examples, number } from './place.ts';

/** The production decisions on the past. */
export function addBacktest(program: Command, screen: Screen): void {
  program
    .command('backtest')
    .description('the same decisions on the past: a recording, or a market that needs nothing')
    .option('--recording <file>', 'what `record` wrote, or a CSV of raw pool logs')
    .addOption(
      new Option('--market <kind>', 'a seeded market').choices(['calm', 'normal', 'volatile']).default('normal'),
    )
    .option('--days <number>', 'how long the seeded market lasts, 1 to 120', number, 7)
    .option('--seed <number>', 'which market: the same seed is the same market', number, 3)
    .option('--capital <usd>', 'what each strategy begins with, half in each token', number, 10_000)
    .option('--every <seconds>', 'how often a run is opened', number, 3600)
    .option('--no-breach', 'open no runs when the price leaves the range')
    .option('--latency <seconds>', 'from a decision to its block', number, 24)
    .option('--width <percent>', 'to each side, of the strategies beside ours', number, 2)
    .option(
      '--warm-up <hours>',
      'looked back on before the first decision (24, of a recording a tenth at most)',
      number,
    )
    .option('--gas-gwei <gwei>', 'price of gas where the past does not say it', number, 1)
    .option('--fee <pips>', 'fee of the pool, of raw logs: 500 is 0.05 %', number, 500)
    .option(
      '--protocol-fee <n>',
      '1/n of the fees go to the protocol, of raw logs and seeded markets: 4 to 10, 0 none',
      number,
      0,
    )
    .addOption(
      new Option('--stable <token>', 'which token is the dollar, of raw logs')
        .choices(['token0', 'token1'])
        .default('token0'),
    )
    .addOption(
      new Option('--replay <how>', 'of a recording: the whole pool where it can be known, or its prices alone')
        .choices(['whole', 'price-path'])
        .default('whole'),
    )
    .option('--set <name=value>', 'a setting of signal, decision or marketData; several times', several, [])
    .option('--grid <name=a,b>', 'values to search over, judged walk-forward; several times', several, [])
    .option('--folds <count>', 'stretches the search is judged on', number, 3)
    .option('--look-ahead <count>', 'decisions made again without a future; 0 none', number, 8)
    .option('--html <file>', 'the report as one page for a browser')
    .option('--config <file>', 'try this configuration (RANGEWARD_CONFIG or ./rangeward.yaml, else the defaults)')
    .option('--json', 'for programs', false)
    .addHelpText(
      'after',
      examples(
        'backtest --market volatile --days 14 --html report.html',
        'backtest --recording day.ndjson.gz --grid coverage=0.8,0.9,0.95',
      ),
    )
    .action(async (options) => (await import('../commands/backtest.ts')).backtest(options, screen));
}

function several(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}
