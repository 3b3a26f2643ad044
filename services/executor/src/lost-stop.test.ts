import { type AuditEntry, type AuditFact, nextAuditEntry } from '@rangeward/contracts';
import { expect, test } from 'vitest';
import { stopInForce } from './lost-stop.ts';

/** A trail of these actions, one after the other; `!` marks one that failed. */
function trail(...actions: string[]): AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (const [index, text] of actions.entries()) {
    const [action = '', failed] = text.split('!');
    const at = `2026-01-05T00:00:0${index}.000Z`;
    const outcome: AuditFact['outcome'] = failed === undefined ? 'done' : 'failed';
    const fact: AuditFact = { source: 'operator', actor: 'ops', action, outcome, reason: text, detail: [], at };
    entries.push(nextAuditEntry(entries.at(-1) ?? null, fact));
  }
  return entries;
}

test.each([
  [[], null],
  [['start', 'rebalance'], null],
  [['pause'], 'paused'],
  [['pause', 'kill'], 'killed'],
  [['kill', 'pause'], 'killed'],
  [['kill', 'resume'], null],
  [['kill', 'resume', 'pause', 'stop'], 'paused'],
  [['kill', 'resume!'], 'killed'],
  [['kill!'], null],
])('%j leaves %s', (actions, state) => {
  expect(stopInForce(trail(...actions))?.state ?? null).toBe(state);
});

test('who asked, why and when is that of the stop', () => {
  const [, kill] = trail('pause', 'kill');
  expect(stopInForce(trail('pause', 'kill', 'pause'))).toEqual({
    ...{ state: 'killed', by: 'ops', reason: 'kill', through: 'audit', at: kill?.at },
  });
});
