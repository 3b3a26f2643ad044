import { openAuditNotes } from '@rangeward/adapter-nats/audit-notes';
import { createPublishEvent } from '@rangeward/adapter-nats/publish-event';
import { listProposals, type Proposal } from '@rangeward/adapter-redis/proposals';
import { planApproved } from '@rangeward/contracts';
import { CommandFailure } from '../command-failure.ts';
import { type GlobalFlags, withNats, withRedis } from '../operator.ts';
import { exitCodes, printJson } from '../output.ts';
import { short } from '../story/format-amounts.ts';
import type { Screen } from '../story/print-story.ts';
import { showControls } from '../story/show-controls.ts';
import { person } from './person.ts';

type ApproveFlags = GlobalFlags & { readonly yes: boolean; readonly reason: string; readonly json: boolean };

/** Lets a proposed plan be carried out. Written down first, said afterwards; every check of a plan is made all the same. */
export async function approve(plan: string, flags: ApproveFlags, screen: Screen): Promise<void> {
  const proposal = await findProposal(plan, flags);
  const { planId, validUntil, run } = proposal.plan;
  const at = new Date().toISOString();
  if (Date.parse(validUntil) < Date.parse(at)) {
    throw new CommandFailure(`plan ${planId} could be approved until ${validUntil}: it is refused now`);
  }
  if (!flags.yes) {
    throw new CommandFailure(
      `plan ${planId} of ${run.chain}/${run.position} would be carried out: ${proposal.summary}. Say --yes to approve it.`,
      exitCodes.usage,
    );
  }
  const by = `${person()}, rangeward approve`;
  const detail = { plan: planId, run: run.id, position: `${run.chain}/${run.position}`, summary: proposal.summary };
  await withNats(flags, async (broker) => {
    await openAuditNotes(broker, 'operator').write({ actor: by, action: 'approve', reason: flags.reason, detail });
    await createPublishEvent(broker)(planApproved, { planId, by, reason: flags.reason, at }, { correlationId: run.id });
  });
  if (flags.json) return printJson(screen, { planId, by, at });
  screen.write(`Approved: ${showControls(proposal.summary)}.\n`);
  screen.write(`What becomes of it: ./rangeward runs show ${short(run.id)}\n`);
}

async function findProposal(plan: string, flags: GlobalFlags): Promise<Proposal> {
  const waiting = await withRedis(flags, listProposals);
  const found = waiting.filter((proposal) => proposal.plan.planId.startsWith(plan));
  const [only, ...others] = found;
  if (only === undefined) {
    throw new CommandFailure(`no plan ${plan} waits for an approval: "plan list" shows those that do`);
  }
  if (others.length > 0) {
    throw new CommandFailure(`${plan} is the beginning of ${found.length} plans: write more of it`);
  }
  return only;
}
