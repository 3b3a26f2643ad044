import { latestBlock, type RecordedReceipt } from '@rangeward/adapter-evm/receipts';
import { getTransactionCount } from 'viem/actions';
import { offer } from './offer-step.ts';
import { latestAttempt, type PlanRecord, planOf, type RecordedStep, readRecord } from './plan-record.ts';
import { sameOutcome, stepNow } from './step-on-chain.ts';
import { sourcesOf, type WalletTools } from './wallet-tools.ts';

/** What was told of closed plans, so that it is told once by this process. */
type Told = Set<string>;

/**
 * Looks at the transactions of finished plans until they are final. One that a reorganisation took away is sent again, the
 * same bytes, and a person hears of it; so does a person when it came to something else in another block, or when its nonce
 * was used up by another transaction: then what was said of the plan is not true any more.
 * Returns a function that looks once at all of them; it throws when node or Redis do not answer.
 */
export function watchClosedPlans(tools: WalletTools): () => Promise<void> {
  const told: Told = new Set();
  return async () => {
    for (const planId of await tools.records.unfinal()) {
      const stored = await tools.records.read(planId);
      const final = stored === null || (await lookAt(tools, readRecord(stored.body), told));
      if (final) await tools.records.unwatch(planId);
    }
  };
}

/** True when every transaction lies deep enough. */
async function lookAt(tools: WalletTools, record: PlanRecord, told: Told): Promise<boolean> {
  const head = await latestBlock(tools.client);
  let final = true;
  // In the order of their nonces: one that is sent again is mined only after those before it.
  for (const step of record.steps) {
    const { receipt } = step;
    if (receipt === null) continue;
    const block = await blockOf(tools, record, { step, receipt }, { head, told });
    if (block === null || head - block + 1 < tools.limits.finalityBlocks) final = false;
  }
  return final;
}

type Mined = { readonly step: RecordedStep; readonly receipt: RecordedReceipt };
type Look = { readonly head: number; readonly told: Told };

/** The block in which the step lies, or lay when it was lost; null while it lies in none, or nobody knows. */
async function blockOf(
  tools: WalletTools,
  record: PlanRecord,
  { step, receipt }: Mined,
  { head, told }: Look,
): Promise<number | null> {
  const plan = planOf(record);
  const tell = async (code: string, what: string) => {
    const key = `${plan.planId}/${step.name}/${code}`;
    if (told.has(key)) return;
    told.add(key);
    const message = `${step.name} of the closed plan ${plan.planId}, in block ${receipt.block} by its record, ${what}`;
    tools.log.error({ planId: plan.planId, step: step.name, hash: receipt.hash }, message);
    const severity = code === 'step-vanished' ? 'warning' : 'critical';
    await tools.reportError({ code, message, severity, plan });
  };
  const now = await stepNow(tools.client, step, receipt);
  switch (now.kind) {
    case 'as-recorded':
      return receipt.block;
    case 'moved':
      if (!sameOutcome(step, sourcesOf(tools, plan), [receipt, now.receipt])) {
        await tell(
          'closed-plan-changed',
          `came to something else in block ${now.receipt.block} after a reorganisation`,
        );
      }
      return now.receipt.block;
    case 'gone': {
      const next = await getTransactionCount(tools.client, { address: tools.wallet, blockTag: 'latest' });
      if (next > step.nonce) {
        await tell('closed-plan-changed', 'is not on the chain any more, and another transaction has its nonce');
        // Only another reorganisation could free its nonce: it is looked for as long as for any other.
        return receipt.block;
      }
      await tell('step-vanished', 'was taken off the chain by a reorganisation; the same transaction is sent again');
      const attempt = step.attempts.find(({ hash }) => hash === receipt.hash) ?? latestAttempt(step);
      await offer(tools, { planId: plan.planId, step, attempt, head });
      return null;
    }
    case 'unclear':
      return null;
  }
}
