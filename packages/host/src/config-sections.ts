import { serviceNames } from '@rangeward/contracts';

/**
 * Every top-level section that a configuration file may have: each process reads its own and passes the others' over, so that
 * one file serves all. A service's section is its name in camel case.
 */
export const configSections: readonly string[] = [
  ...serviceNames.map((name) => name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())),
  ...['chains', 'nats', 'redis', 'log', 'health', 'mode', 'autonomy', 'live', 'telemetry'],
];
