import { type SendAnswer, sendRaw } from '@rangeward/adapter-evm/send-raw';
import type { WalletClient } from '@rangeward/adapter-evm/wallet-client';
import type { Attempt, RecordedStep } from './plan-record.ts';
import type { WalletTools } from './wallet-tools.ts';

/** What is to be sent, and how far the chain has come since the step was made. */
type Offer = {
  readonly planId: string;
  readonly step: Pick<RecordedStep, 'name' | 'attempts'>;
  readonly attempt: Attempt;
  /** Number of the latest block; null before the chain was asked. */
  readonly head: number | null;
};

/**
 * Offers signed bytes, once. Whatever is answered, only a receipt says what became of them; throws when the node refuses
 * them for good.
 */
export async function offer(tools: WalletTools, of: Offer): Promise<void> {
  const about = { planId: of.planId, step: of.step.name, hash: of.attempt.hash };
  for (const { client, isPrivate } of routes(tools, of)) {
    const answer = await sendRaw(client, of.attempt.raw);
    if (answer.kind === 'refused' && !isPrivate) throw new Error(`the node refuses ${of.step.name}: ${answer.reason}`);
    const { reason } = { reason: '', ...answer };
    if (reason !== '') tools.log.warn({ ...about, isPrivate, answer: answer.kind, reason }, meanings[answer.kind]);
  }
}

const meanings: Readonly<Record<SendAnswer['kind'], string>> = {
  accepted: 'sent',
  known: 'the node has it already',
  refused: 'the private endpoint refuses a transaction; it is offered again',
  underpriced: 'a transaction pays too little for this moment; it waits',
  unknown: 'no clear answer to a send; its receipt decides',
};

type Route = { readonly client: WalletClient; readonly isPrivate: boolean };

/**
 * One node for everything that is public. Where there is a private endpoint it gets what is sent, until it has let the step
 * go and the configuration wants it public then. A cancellation has nothing to hide and goes both ways.
 */
function routes({ client, privately }: WalletTools, of: Offer): readonly Route[] {
  const node = { client, isPrivate: false };
  if (privately === null) return [node];
  const hidden = { client: privately.client, isPrivate: true };
  if (of.attempt.cancels === true) return [hidden, node];
  return privately.whenVanished === 'public' && hasVanished(privately, of) ? [node] : [hidden];
}

function hasVanished({ vanishBlocks }: { readonly vanishBlocks: number }, { step, head }: Offer): boolean {
  const madeAt = step.attempts[0]?.block;
  return head !== null && madeAt !== undefined && head - madeAt >= vanishBlocks;
}
