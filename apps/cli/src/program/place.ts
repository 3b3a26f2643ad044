import { type Command, InvalidArgumentError } from 'commander';

/** Where the system is; the local one that runs is found by itself. */
export function withPlace(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file (RANGEWARD_CONFIG, ./rangeward.yaml, or the local system that runs)')
    .option('--nats <url>', 'broker, when not as configured')
    .option('--redis <url>', 'state, when not as configured')
    .option('--json', 'for programs', false);
}

export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  rangeward ${line}`).join('\n')}`;
}

export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('expected a number, 0 or more.');
  return value;
}
