import { type Command, InvalidArgumentError } from 'commander';
import type { Screen } from '../story/print-story.ts';
import { examples } from './place.ts';

const commands = {
  record: () => import('../commands/record.ts'),
  recordings: () => import('../commands/recordings.ts'),
} as const;

/** The commands that make, check and convert recordings. */
export function addRecordings(program: Command, screen: Screen, setExitCode: (code: number) => void): void {
  addRecord(program, screen, setExitCode);
  const recording = program.command('recording').description('files that `record` wrote');
  recording
    .command('check')
    .description('hold every event against the ones before it, and name those that do not follow')
    .argument('<file>', 'the recording')
    .option('--json', 'for programs', false)
    .addHelpText('after', examples('recording check base.ndjson.gz', 'recording check base.ndjson.gz --json'))
    .action(async (file, options) =>
      setExitCode(await (await commands.recordings()).checkRecording(file, options, screen)),
    );
  addConvert(recording, screen);
}

function addRecord(program: Command, screen: Screen, setExitCode: (code: number) => void): void {
  program
    .command('record')
    .description('a pool’s past from any RPC into a file, proven event by event')
    .option('--rpc <url>', 'HTTP RPC of the chain; it is never printed')
    .option('--chain <name>', 'the RPC of this configured chain instead')
    .option('--config <file>', 'configuration file (RANGEWARD_CONFIG, ./rangeward.yaml)')
    .requiredOption('--pool <address>', 'the Uniswap V3 pool')
    .requiredOption(
      '--from <block>',
      'first block; where the node keeps old states, the state before it is read too',
      whole,
    )
    .option('--to <block>', 'last block (12 behind the head)', whole)
    .option(
      '--out <file>',
      'the recording; begun again after an interruption, it goes on (named after pool and blocks)',
    )
    .option('--json', 'for programs', false)
    .addHelpText(
      'after',
      examples(
        'record --rpc https://... --pool 0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640 --from 18937382 --to 18944480',
        'record --chain base --pool 0xd0b53D9277642d899DF5C87A3966A349A798F224 --from 25000000 --out base.ndjson.gz',
      ),
    )
    .action(async (options) => setExitCode(await (await commands.record()).record(options, screen)));
}

function addConvert(recording: Command, screen: Screen): void {
  recording
    .command('convert')
    .description('make a recording of a CSV file of raw pool logs')
    .argument(
      '<file>',
      'CSV with block_number, block_timestamp, transaction_hash, transaction_index, log_index, topics, data',
    )
    .requiredOption('--pool <address>', 'the pool the logs are of')
    .requiredOption('--token0 <address:symbol:decimals>', 'its first token')
    .requiredOption('--token1 <address:symbol:decimals>', 'its second token')
    .requiredOption('--fee <pips>', 'its fee in millionths, 500 for 0.05 %', whole)
    .requiredOption('--spacing <ticks>', 'its tick spacing, 10 for a fee of 500', whole)
    .option('--chain-id <number>', 'chain id', whole, 1)
    .requiredOption('--out <file>', 'the recording')
    .option('--json', 'for programs', false)
    .addHelpText(
      'after',
      examples(
        'recording convert logs.csv --pool 0x88e6... --token0 0xa0b8...:USDC:6 --token1 0xc02a...:WETH:18 --fee 500 --spacing 10 --out day.ndjson.gz',
        'recording convert base.csv --chain-id 8453 --pool 0xd0b5... --token0 0x4200...:WETH:18 --token1 0x8335...:USDC:6 --fee 500 --spacing 10 --out base.ndjson.gz',
      ),
    )
    .action(async (file, options) => (await commands.recordings()).convertLogs(file, options, screen));
}

function whole(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError('expected a whole number.');
  return value;
}
