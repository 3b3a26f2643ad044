import { existsSync } from 'node:fs';

/**
 * The configuration files of a process: those of RANGEWARD_CONFIG, separated by colons, later ones over earlier ones;
 * otherwise `rangeward.yaml` in the working directory when there is one.
 */
export function configFiles(env: Readonly<Record<string, string | undefined>>): string[] {
  const named = env.RANGEWARD_CONFIG?.split(':').filter((file) => file !== '');
  if (named !== undefined && named.length > 0) return named;
  return existsSync('rangeward.yaml') ? ['rangeward.yaml'] : [];
}
