import { parseArgs } from 'node:util';
import { catalogue } from '../packages/contracts/src/index.ts';
import { fuzzEvent } from '../packages/contracts/test/fuzz-messages.ts';
import { fuzzCalldata } from '../services/executor/test/fuzz-calldata.ts';

/**
 * The long fuzz: a million spoiled messages of every event and a million mutated transactions at the signer, one line
 * each. Exit code 1 when one of them was neither processed nor refused with a reason, or signed outside the policy.
 */
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true, default: [] },
  },
});

// What is refused by the million needs no stack.
Error.stackTraceLimit = 0;

const count = Number(values.count);
const seed = Number(values.seed);
const asked = (name: string) => values.only.length === 0 || values.only.includes(name);

if (asked('signer')) {
  const startMs = performance.now();
  const { allowed, refused, failures } = fuzzCalldata(count, seed);
  report('signer', startMs, `${allowed} within the policy, ${refused} refused, ${failures.length} outside`, failures);
}
for (const definition of catalogue) {
  if (!asked(definition.name)) continue;
  const startMs = performance.now();
  const { processed, refused, failures } = fuzzEvent(definition, count, seed);
  const codes = [...refused].map(([code, times]) => `${code} ${times}`).join(', ');
  report(definition.name, startMs, `${processed} processed, ${failures.length} unhandled; refused: ${codes}`, failures);
}

function report(name: string, startMs: number, what: string, failures: readonly string[]): void {
  console.log(`${name}: ${count} in ${Math.round((performance.now() - startMs) / 1_000)} s: ${what}`);
  for (const failure of failures) console.error(`  ${failure}`);
  if (failures.length > 0) process.exitCode = 1;
}
