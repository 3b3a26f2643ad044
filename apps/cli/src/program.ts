import { Command, Option } from 'commander';
import { periods } from './pnl/period-starts.ts';
import { pnlTypes } from './pnl/pnl-types.ts';
import { addAdopt } from './program/adopt.ts';
import { addBacktest } from './program/backtest.ts';
import { addControls } from './program/controls.ts';
import { examples, number, withPlace } from './program/place.ts';
import { addRecordings } from './program/recordings.ts';
import type { Screen } from './story/print-story.ts';

/** Commands are loaded when they are run: most of a second of start-up that help and typing errors need not wait for. */
const commands = {
  config: () => import('./commands/config.ts'),
  deadLetters: () => import('./commands/dead-letters.ts'),
  doctor: () => import('./commands/doctor.ts'),
  explain: () => import('./commands/explain.ts'),
  keys: () => import('./commands/keys.ts'),
  model: () => import('./commands/model.ts'),
  plans: () => import('./commands/plans.ts'),
  pnl: () => import('./commands/pnl.ts'),
  runs: () => import('./commands/runs.ts'),
  start: () => import('./commands/start.ts'),
  status: () => import('./commands/status.ts'),
  trigger: () => import('./commands/trigger.ts'),
} as const;

/** The command line. `setExitCode` hears the code of a command that ended in its own way. */
export function createProgram(screen: Screen, setExitCode: (code: number) => void): Command {
  const program = new Command('rangeward')
    .description(
      'Keeps Uniswap V3 liquidity positions earning, by itself: see what it does, ask it to act, ask it why.',
    )
    .version('0.1.0')
    .showHelpAfterError('(--help shows how)')
    .configureOutput({ writeOut: (text) => screen.write(text) })
    .exitOverride();
  addStart(program, screen, setExitCode);
  addReads(program, screen);
  addPnl(program, screen);
  addActs(program, screen, setExitCode);
  addModel(program, screen);
  addPlans(program, screen);
  addAdopt(program, screen);
  addControls(program, screen, setExitCode);
  addDeadLetters(program, screen);
  addConfig(program, screen);
  addKeys(program, screen);
  addBacktest(program, screen);
  addRecordings(program, screen, setExitCode);
  return program;
}

function addStart(program: Command, screen: Screen, setExitCode: (code: number) => void): void {
  program
    .command('start')
    .description(
      'run everything on this machine: broker, state, a chain with the real Uniswap V3, a market, all services',
    )
    .option('--duration <seconds>', 'end by itself after so long', number, 75)
    .option('--watch', 'run until Ctrl-C', false)
    .option('--seed <number>', 'which market: the same seed is the same market', number, 3)
    .option('--recording <file>', 'follow a recorded market instead (what `record` wrote, or a CSV of raw pool logs)')
    .option('--speed <blocks>', 'blocks a second', number, 8)
    .option('--processes', 'each service in a process of its own', false)
    .addHelpText('after', examples('start --duration 120', 'start --watch --processes'))
    .action(async ({ duration, speed, ...rest }) =>
      setExitCode(
        await (await commands.start()).start(
          { recording: undefined, ...rest, durationS: duration, blocksPerSecond: speed },
          screen,
        ),
      ),
    );
}

function addReads(program: Command, screen: Screen): void {
  withPlace(program.command('status').description('what is running, what waits, where each position stands'))
    .addHelpText('after', examples('status', 'status --json'))
    .action(async (options) => (await commands.status()).status(options, screen));
  const runs = program.command('runs').description('the records of runs');
  withPlace(runs.command('list').description('newest first'))
    .option('--limit <count>', 'how many', number, 20)
    .addHelpText('after', examples('runs list', 'runs list --limit 5 --json'))
    .action(async (options) => (await commands.runs()).listRuns(options, screen));
  withPlace(runs.command('show').description('one record, whole').argument('<run>', 'id of the run, or its beginning'))
    .addHelpText('after', examples('runs show 019b8c3a', 'runs show 019b8c3a --json'))
    .action(async (id, options) => (await commands.runs()).showRun(id, options, screen));
  withPlace(
    program
      .command('explain')
      .description('every number behind a decision')
      .argument('<run>', 'id of the run, or its beginning'),
  )
    .addHelpText('after', examples('explain 019b8c3a', 'explain 019b8c3a --json'))
    .action(async (id, options) => (await commands.explain()).explain(id, options, screen));
}

function addPnl(program: Command, screen: Screen): void {
  withPlace(program.command('pnl').description('profit and loss of a position over all its NFTs, from the chain'))
    .option('--chain <name>', 'chain as configured; needed when two positions have one name')
    .option('--position <name>', 'which position; needed when there are several')
    .option('--wallet <address>', 'whose wallet its money is in, when not that of the NFT’s owner')
    .addOption(new Option('--type <type>', 'against what').choices(pnlTypes).default('total'))
    .addOption(new Option('--period <period>', 'one row for each, UTC').choices(periods).default('day'))
    .option('--periods <count>', 'how many, the present one included', number, 7)
    .option('--detailed', 'every rebalance, every token, every entry', false)
    .option('--csv', 'the rows as CSV, in raw units', false)
    .addHelpText(
      'after',
      examples('pnl --type vs-hodl --detailed', 'pnl --position main --period week --periods 4 --csv'),
    )
    .action(async (options) => (await commands.pnl()).pnl(options, screen));
}

function addActs(program: Command, screen: Screen, setExitCode: (code: number) => void): void {
  withPlace(program.command('trigger').description('ask for a run now, and follow it'))
    .option('--chain <name>', 'chain as configured; needed when there are several')
    .option('--pool <pool>', 'pool by name or address; needed when there are several')
    .option('--position <name>', 'only this position')
    .addOption(new Option('--mode <mode>', 'paper and dry-run send nothing').choices(['trade', 'paper', 'dry-run']))
    .option('--reason <text>', 'why, for the record')
    .option('--no-wait', 'do not follow the run')
    .option('--timeout <seconds>', 'how long to follow', number, 60)
    .addHelpText(
      'after',
      examples('trigger --reason "after the news"', 'trigger --chain base --pool usdc-weth-500 --mode paper'),
    )
    .action(async ({ timeout, ...options }) =>
      setExitCode(await (await commands.trigger()).trigger({ ...options, timeoutS: timeout }, screen)),
    );
  withPlace(program.command('doctor').description('look at everything a start needs'))
    .addHelpText('after', examples('doctor', 'doctor --config rangeward.yaml --json'))
    .action(async (options) => setExitCode(await (await commands.doctor()).doctor(options, screen)));
}

function addModel(program: Command, screen: Screen): void {
  const model = program.command('model').description('what the model said, and what came of it');
  withPlace(model.command('record').description('its calls, newest first'))
    .option('--limit <count>', 'how many', number, 20)
    .addHelpText('after', examples('model record', 'model record --limit 5 --json'))
    .action(async (options) => (await commands.model()).modelRecord(options, screen));
  withPlace(model.command('score').description('how its opinions did, and the weight that they have earned'))
    .addHelpText('after', examples('model score', 'model score --json'))
    .action(async (options) => (await commands.model()).modelScore(options, screen));
}

function addPlans(program: Command, screen: Screen): void {
  const plan = program.command('plan').description('plans that wallets have in hand');
  withPlace(plan.command('list').description('begun and not finished'))
    .addHelpText('after', examples('plan list', 'plan list --json'))
    .action(async (options) => (await commands.plans()).listPlans(options, screen));
  withPlace(
    plan
      .command('abandon')
      .description('give a plan up that cannot go on: close it as the chain shows it, and free its wallet')
      .argument('<plan>', 'id of the plan, or its beginning'),
  )
    .option('--yes', 'do it', false)
    .option('--reason <text>', 'why, for the record', 'no reason given')
    .option('--timeout <seconds>', 'how long to wait for the executor', number, 30)
    .addHelpText('after', examples('plan abandon 3f9a --yes', 'plan abandon 3f9a --yes --reason "moved by hand"'))
    .action(async (id, { timeout, ...options }) =>
      (await commands.plans()).abandonPlan(id, { ...options, timeoutS: timeout }, screen),
    );
}

function addDeadLetters(program: Command, screen: Screen): void {
  const dlq = program.command('dlq').description('messages that could not be handled');
  const letter = (name: string, description: string) =>
    withPlace(dlq.command(name).description(description).argument('<number>', 'number of the letter', number));
  withPlace(dlq.command('list').description('oldest first'))
    .option('--limit <count>', 'how many', number, 100)
    .addHelpText('after', examples('dlq list', 'dlq list --json'))
    .action(async (options) => (await commands.deadLetters()).listLetters(options, screen));
  letter('show', 'the message as it was, and why it was given up')
    .addHelpText('after', examples('dlq show 1', 'dlq show 1 --json'))
    .action(async (id, options) => (await commands.deadLetters()).showLetter(id, options, screen));
  letter('replay', 'publish the message again')
    .option('--body <file>', 'with this body instead, when it had to be repaired')
    .addHelpText('after', examples('dlq replay 1', 'dlq replay 1 --body repaired.json'))
    .action(async (id, options) => (await commands.deadLetters()).replayLetter(id, options, screen));
  letter('drop', 'delete the letter')
    .addHelpText('after', examples('dlq drop 1', 'dlq drop 1 --json'))
    .action(async (id, options) => (await commands.deadLetters()).dropLetter(id, options, screen));
}

function addConfig(program: Command, screen: Screen): void {
  const config = program.command('config').description('the configuration in force');
  withPlace(config.command('show').description('every value and where it came from; secrets hidden'))
    .addHelpText('after', examples('config show', 'config show --config rangeward.yaml --json'))
    .action(async (options) => (await commands.config()).showConfig(options, screen));
  withPlace(config.command('check').description('every problem, with file, line and column'))
    .addHelpText('after', examples('config check', 'config check --config rangeward.yaml'))
    .action(async (options) => (await commands.config()).checkConfig(options, screen));
  config
    .command('schema')
    .description('JSON Schema of the file, for editors')
    .addHelpText('after', examples('config schema', 'config schema > rangeward.schema.json'))
    .action(async () => (await commands.config()).configSchema(screen));
}

function addKeys(program: Command, screen: Screen): void {
  const keys = program.command('keys').description('what plans, commands and approvals are signed with');
  keys
    .command('create')
    .description('make the pairs, and print what the configuration needs of them')
    .option('--folder <folder>', 'where the private halves go', './keys')
    .addOption(new Option('--name <name>', 'only this one').choices(['decision', 'operator']))
    .option('--json', 'for programs', false)
    .addHelpText('after', examples('keys create', 'keys create --name operator --folder ~/.rangeward-keys'))
    .action(async (options) => (await commands.keys()).createKeys(options, screen));
}
