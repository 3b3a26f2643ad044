// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source, not templates

/** One bug: what it is, the edits to the source that make it, and who is to find it. */
export type PlantedBug = {
  readonly name: string;
  /** What goes wrong, for the table. */
  readonly says: string;
  /** Each `find` must stand in its file exactly once; types do not matter, since they are stripped. */
  readonly edits: readonly { readonly file: string; readonly find: string; readonly replace: string }[];
  /** Where it shows first: a boundary of the matrix, faults of the seeds, or the run of the budget. */
  readonly by:
    | { readonly matrix: readonly { readonly place: string; readonly how: 'kill' | 'freeze' | 'push' }[] }
    | { readonly faults: readonly string[] }
    | { readonly budget: true };
};

const executor = 'services/executor/src';
const redis = 'packages/adapters/redis/src';

/**
 * Mistakes that executors make, most of them found in real ones. Together they show that the matrix, the seeds and the judge see what
 * they are there for: one that is not caught means that a test has gone blind.
 */
export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'sent-before-stored',
    says: 'a step is sent before its intent is written down',
    edits: [
      {
        file: `${executor}/carry-out.ts`,
        find: 'await boundary(tools, `${step.name}:signed`);',
        replace:
          "await tools.client.request({ method: 'eth_sendRawTransaction', params: [step.attempts[0].raw] }).catch(() => {}); await boundary(tools, `${step.name}:signed`);",
      },
    ],
    by: { matrix: [{ place: 'mint:signed', how: 'kill' }] },
  },
  {
    name: 'forgets-what-was-sent',
    says: 'whoever takes over makes a step anew that was written down without a receipt',
    edits: [
      {
        file: `${executor}/plan-record.ts`,
        find: 'return planRecord.parse(body);',
        replace:
          'const read = planRecord.parse(body); return { ...read, steps: read.steps.filter((step) => step.receipt !== null) };',
      },
      { file: `${executor}/prepare-step.ts`, find: 'await tools.records.floor()', replace: 'await null' },
    ],
    by: {
      matrix: [
        { place: 'withdraw:sent', how: 'kill' },
        { place: 'mint:sent', how: 'kill' },
      ],
    },
  },
  {
    name: 'nonce-from-node',
    says: 'the next nonce is whatever the node says, also when it lags',
    edits: [
      { file: `${executor}/prepare-step.ts`, find: 'await tools.records.floor()', replace: 'await null' },
      {
        file: `${executor}/carry-out.ts`,
        find: 'const past = await lookBack(work);',
        replace: "const past = 'as-recorded';",
      },
    ],
    by: { faults: ['node-lags-at-times'] },
  },
  {
    name: 'amounts-not-from-receipts',
    says: 'a plan moves money of the wallet that is not its own',
    edits: [
      {
        file: `${executor}/step-facts.ts`,
        find: 'let amount0 = 0n;\n  let amount1 = 0n;\n  for (const { facts } of done)',
        replace: 'let amount0 = 1_000_000_000n;\n  let amount1 = 0n;\n  for (const { facts } of done)',
      },
    ],
    by: { matrix: [] },
  },
  {
    name: 'reverted-is-success',
    says: 'a receipt with status 0 counts as success',
    edits: [
      {
        file: 'packages/adapters/evm/src/receipts.ts',
        find: 'BigInt(answer.status) === 1n ?',
        replace: 'answer.status ?',
      },
    ],
    by: { matrix: [{ place: 'swap:stored', how: 'push' }] },
  },
  {
    name: 'acknowledged-first',
    says: 'a plan is acknowledged before anything is done for it',
    edits: [
      {
        file: 'packages/adapters/nats/src/handle-message.ts',
        find: 'let asked: Promise<FirstAnswer> | undefined;',
        replace: 'delivery.ack(); let asked: Promise<FirstAnswer> | undefined;',
      },
    ],
    by: { matrix: [{ place: 'received', how: 'kill' }] },
  },
  {
    name: 'no-fence',
    says: 'nobody minds that the lease went to another: neither the work nor the writes',
    edits: [
      {
        file: `${redis}/leases.ts`,
        find: "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'fenced' end",
        replace: '',
      },
      {
        file: `${redis}/plan-records.ts`,
        find: "if redis.call('HGET', KEYS[3], 'version') ~= ARGV[3] then return 'version' end",
        replace: '',
      },
      { file: `${redis}/plan-records.ts`, find: "return 'floor' end", replace: 'end' },
      { file: `${executor}/hold-wallet.ts`, find: 'AbortSignal.any([kept.signal, signal])', replace: 'signal' },
    ],
    by: {
      matrix: [
        { place: 'approve-router:signed', how: 'freeze' },
        { place: 'withdraw:signed', how: 'freeze' },
      ],
    },
  },
  {
    name: 'no-marker',
    says: 'another plan stands behind the calldata, and the signer does not mind',
    edits: [
      {
        file: 'packages/adapters/evm/src/encode-marker.ts',
        find: '[`0x${marker.planId}`',
        replace: "[`0x${'0'.repeat(64)}`",
      },
      { file: `${executor}/signer-policy.ts`, find: 'parts.marker.planId !== rules.planId', replace: 'false' },
    ],
    by: { matrix: [] },
  },
  {
    name: 'no-minimums',
    says: 'the swap takes whatever it is given',
    edits: [
      {
        file: `${executor}/slippage-band.ts`,
        find: 'return mulDivRoundingDown(quoted, BPS - BigInt(of.slippageBps), BPS);',
        replace: 'return 1n;',
      },
    ],
    by: { matrix: [] },
  },
  {
    name: 'approvals-left',
    says: 'approvals that were not used up stand when the plan is over',
    edits: [{ file: `${executor}/plan-steps.ts`, find: 'allowed.amount <= used', replace: 'allowed.amount > 0n' }],
    by: { matrix: [] },
  },
  {
    name: 'trade-not-once',
    says: 'each publishing of a trade is an event of its own',
    edits: [
      { file: 'packages/contracts/src/events/executions.ts', find: '  once: true,\n', replace: '' },
      {
        file: 'packages/contracts/src/events/executions.ts',
        find: 'key: (data) => data.planId',
        replace: 'key: (data) => `${data.planId}${Date.now()}`',
      },
    ],
    by: { matrix: [{ place: 'published', how: 'kill' }] },
  },
  {
    name: 'books-after-record',
    says: 'the record is finished before the budget is settled',
    edits: [
      { file: `${executor}/close-plan.ts`, find: 'if (gasWei === 0n) await tools', replace: 'if (false) await tools' },
      {
        file: `${executor}/close-plan.ts`,
        find: 'else await tools.ledger.commitBudget(plan.reservationId, trade.gasUsdE6);',
        replace: '',
      },
      {
        file: `${executor}/close-plan.ts`,
        find: "await boundary(tools, 'finished');",
        replace:
          "await boundary(tools, 'finished'); await tools.ledger.commitBudget(plan.reservationId, trade.gasUsdE6);",
      },
    ],
    by: { matrix: [{ place: 'finished', how: 'kill' }] },
  },
  {
    name: 'reorgs-unseen',
    says: 'one block is enough, and what is done is never held against the chain again',
    edits: [
      {
        file: 'packages/adapters/evm/src/receipts.ts',
        find: 'head.number - receipt.block + 1 >= wait.confirmations',
        replace: 'head.number >= receipt.block',
      },
      {
        file: `${executor}/restore-steps.ts`,
        find: 'const shown = await Promise.all(',
        replace: 'if (work !== null) return false; const shown = await Promise.all(',
      },
    ],
    by: { faults: ['reorg'] },
  },
  {
    name: 'gas-of-reverts-forgotten',
    says: 'a transaction that reverted is taken to have cost nothing',
    edits: [
      {
        file: `${executor}/plan-record.ts`,
        find: 'if (confirmed === null) return sum;',
        replace: "if (confirmed === null || confirmed.status === 'reverted') return sum;",
      },
    ],
    by: { matrix: [{ place: 'swap:stored', how: 'push' }] },
  },
  {
    name: 'registry-not-told',
    says: 'nobody hears which NFT is live now',
    edits: [
      {
        file: `${executor}/ledger.ts`,
        find: 'settlePosition: (plan, came) => settleWithRegistry(redis, plan, came)',
        replace: 'settlePosition: async () => true',
      },
    ],
    by: { matrix: [] },
  },
  {
    name: 'budget-read-then-written',
    says: 'what is drawn is read and then raised, in two commands',
    edits: [
      {
        file: `${redis}/budgets.ts`,
        find: 'const [outcome, index, used] = numbers(await reserve(redis, keys, values));',
        replace: `for (const [at, line] of lines.entries()) {
          const drawn = await readBudget(redis, { ...line, nowMs });
          if (drawn.used + drawn.reserved + line.amount > line.limit) return { ok: false, budget: line.budget, scope: line.scope, used: 0, limit: line.limit, requested: line.amount };
          values[about.length + at * 4 + 1] = Number.MAX_SAFE_INTEGER;
        }
        const [outcome, index, used] = numbers(await reserve(redis, keys, values));`,
      },
    ],
    by: { budget: true },
  },
];
