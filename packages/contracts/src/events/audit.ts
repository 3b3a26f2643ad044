import { z } from 'zod';
import { defineEvent, serviceNames } from '../define-event.ts';
import { isoTime } from '../quantities.ts';

const sha256 = (description: string) =>
  z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe(description);

/** What is written down, before it has its place in the chain. */
export const auditFact = {
  source: z.enum([...serviceNames, 'operator']).describe('who wrote it down'),
  actor: z.string().min(1).max(200).describe('who asked for it: a person’s name with the tool, or the service itself'),
  action: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/)
    .describe('what was done or refused, kebab-case: pause, resume, kill, approve, limit-changed, ...'),
  outcome: z.enum(['done', 'refused', 'failed']),
  reason: z.string().max(1000).describe('why, in the words of whoever asked or refused'),
  detail: z
    .array(z.object({ name: z.string().max(100), value: z.string().max(1000) }))
    .max(50)
    .describe('the numbers and names that belong to it'),
  at: isoTime('when it happened'),
};

export const audit = defineEvent({
  name: 'audit',
  description:
    'Power over money was used, changed or refused: who asked and what came of it. Each entry holds the hash of the one before.',
  stream: 'LP_AUDIT',
  saidBy: [...serviceNames, 'person'],
  address: ['source'],
  schema: z.object({
    ...auditFact,
    sequence: z.int().positive().describe('1 for the first entry, one more for each'),
    previousHash: sha256('hash of the entry before; 64 zeros for the first'),
    hash: sha256('sha256 of all the rest of the entry in canonical form'),
  }),
  key: (data) => data.hash,
});
export type AuditEntry = z.output<typeof audit.schema>;
