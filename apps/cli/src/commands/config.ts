import { settings as alerts } from '@rangeward/alerts/config';
import { settings as decision } from '@rangeward/decision/config';
import { settings as executor } from '@rangeward/executor/config';
import { settings as marketData } from '@rangeward/market-data/config';
import { checkSchedules, settings as scheduler } from '@rangeward/scheduler/config';
import { loadConfig } from '@rangeward/service/config';
import { describeConfig } from '@rangeward/service/describe-config';
import { settings as signal } from '@rangeward/signal/config';
import { z } from 'zod';
import { environment } from '../config.ts';
import { filesInForce, type GlobalFlags } from '../operator.ts';
import { printJson, printTable } from '../output.ts';
import type { Screen } from '../story/print-story.ts';

/** The configuration of all services together, as one file holds it. */
export const wholeConfig = z
  .strictObject({
    ...scheduler.shape,
    ...marketData.shape,
    ...signal.shape,
    ...decision.shape,
    ...executor.shape,
    ...alerts.shape,
  })
  .superRefine(checkSchedules);

/** Every value in force with where it came from; secrets hidden. */
export function showConfig(flags: GlobalFlags & { json: boolean }, screen: Screen): void {
  const values = describeConfig(load(flags), wholeConfig);
  if (flags.json) printJson(screen, values);
  else
    printTable(
      screen,
      ['key', 'value', 'from'],
      values.map(({ path, value, origin }) => [path, value, origin]),
    );
}

/** Throws ConfigError with every problem; says so when there is none. */
export function checkConfig(flags: GlobalFlags, screen: Screen): void {
  const files = filesInForce(flags);
  const { warnings } = load(flags);
  for (const warning of warnings) screen.write(`warning: ${warning}\n`);
  screen.write(`The configuration is good: ${files.join(', ') || 'defaults and environment only'}\n`);
}

/** JSON Schema of the configuration file, for editors. */
export function configSchema(screen: Screen): void {
  printJson(screen, z.toJSONSchema(wholeConfig, { io: 'input', unrepresentable: 'any' }));
}

function load(flags: GlobalFlags) {
  return loadConfig({
    schema: wholeConfig,
    files: filesInForce(flags),
    env: environment,
    flags: { 'nats.url': flags.nats, 'redis.url': flags.redis },
    knownSections: ['telemetry'],
  });
}
