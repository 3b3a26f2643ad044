import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AuditFact, nextAuditEntry, verifyAuditChain } from './audit-chain.ts';
import { type AuditEntry, audit } from './events/audit.ts';

const fact = (reason: string): AuditFact => ({
  source: 'operator',
  actor: 'anna, rangeward pause',
  action: 'pause',
  outcome: 'done',
  reason,
  detail: [{ name: 'scope', value: 'all' }],
  at: '2026-01-05T00:00:00.000Z',
});

function chainOf(reasons: readonly string[]): AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (const reason of reasons) entries.push(nextAuditEntry(entries.at(-1) ?? null, fact(reason)));
  return entries;
}

test('a trail as it was written is sound, and survives the wire', () => {
  const entries = chainOf(['one', 'two', 'three']);
  const wired = entries.map((entry) => audit.schema.parse(JSON.parse(JSON.stringify(entry))));
  expect(verifyAuditChain(wired)).toEqual({ entries: 3, head: entries[2]?.hash, broken: null });
  expect(verifyAuditChain([])).toMatchObject({ entries: 0, broken: null });
});

test('a changed, missing, doubled or moved entry is named', () => {
  const [one, two, three] = chainOf(['one', 'two', 'three']) as [AuditEntry, AuditEntry, AuditEntry];
  const at = (entries: AuditEntry[]) => verifyAuditChain(entries).broken;
  expect(at([one, { ...two, actor: 'somebody else' }, three])).toMatchObject({
    sequence: 2,
    reason: expect.stringContaining('changed'),
  });
  expect(at([one, three])).toMatchObject({ sequence: 3 });
  expect(at([one, two, two])).toMatchObject({ sequence: 2 });
  expect(at([two, one])).toMatchObject({ sequence: 2 });
  const forged = nextAuditEntry(one, fact('another two'));
  expect(at([one, forged, three])).toMatchObject({
    sequence: 3,
    reason: expect.stringContaining('hash of the entry before'),
  });
});

test('no single change of a field goes unseen', () => {
  const entries = chainOf(['a', 'b', 'c', 'd']);
  fc.assert(
    fc.property(fc.nat(3), fc.constantFrom('actor', 'action', 'reason', 'at', 'hash', 'previousHash'), (at, field) => {
      const changed = entries.map((entry, index) => (index === at ? { ...entry, [field]: `${entry[field]}x` } : entry));
      expect(verifyAuditChain(changed).broken).not.toBeNull();
    }),
  );
});
