#!/usr/bin/env node
import { ConfigError } from '@rangeward/service/config-error';
import { CommanderError } from 'commander';
import { CommandFailure } from './command-failure.ts';
import { environment } from './config.ts';
import { exitCodes } from './output.ts';
import { createProgram } from './program.ts';

const color = process.stdout.isTTY === true && !environment.NO_COLOR;
const screen = { write: (text: string) => void process.stdout.write(text), color };

try {
  await createProgram(screen, (code) => {
    process.exitCode = code;
  }).parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

/** Says what is wrong in words a person can act on; a stack only for what nobody foresaw. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`);
    return exitCodes.preflight;
  }
  const known = error instanceof CommandFailure;
  const text =
    error instanceof Error
      ? known || environment.LOG_LEVEL !== 'debug'
        ? error.message
        : (error.stack ?? error.message)
      : String(error);
  process.stderr.write(`rangeward: ${text}\n`);
  return known ? error.exitCode : exitCodes.failed;
}
