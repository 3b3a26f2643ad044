import type { NatsSettings } from './settings.ts';

/** Their private halves lie in deploy/demo-keys, for everybody to read. */
const demoKeys: ReadonlySet<string> = new Set([
  '-nfuc2-BwuB-N4gZlGPsuE4IKxR1O6HACQnBMVxyFzg',
  '0OeUptSChe7fD00p6njQ_v8q0SqO9i_gDZGR7la3kRA',
]);

/** Why plans and commands that move real money must not be believed with these keys; none when they may. */
export function pinningProblems({ trusted }: NatsSettings['signing']): string[] {
  const problems: string[] = [];
  for (const [who, what] of [
    ['decision', 'plans'],
    ['operator', 'commands and approvals'],
  ] as const) {
    const keys = trusted?.[who];
    if (keys === undefined) {
      problems.push(
        `${what} would be believed from anybody: put the public key that "rangeward keys create" prints into nats.signing.trusted.${who}.`,
      );
    } else if (keys.some((key) => demoKeys.has(key))) {
      problems.push(
        `nats.signing.trusted.${who} holds the demo’s key, whose private half everybody has: make your own with "rangeward keys create".`,
      );
    }
  }
  return problems;
}
