import { setTimeout as pause } from 'node:timers/promises';
import { openAuditNotes } from '@rangeward/adapter-nats/audit-notes';
import { readAbandonAnswer, requestAbandon } from '@rangeward/adapter-redis/abandon-requests';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { createPlanRecords, listOpenPlans } from '@rangeward/adapter-redis/plan-records';
import { listProposals } from '@rangeward/adapter-redis/proposals';
import { z } from 'zod';
import { CommandFailure } from '../command-failure.ts';
import { type GlobalFlags, withNats, withRedis } from '../operator.ts';
import { exitCodes, printJson, printTable } from '../output.ts';
import { short } from '../story/format-amounts.ts';
import type { Screen } from '../story/print-story.ts';
import { showControls } from '../story/show-controls.ts';
import { person } from './person.ts';

/** The plan that each wallet has in hand, and those that wait for a person. */
export async function listPlans(flags: GlobalFlags & { json: boolean }, screen: Screen): Promise<void> {
  const [open, waiting] = await withRedis(flags, (redis) => Promise.all([readOpenPlans(redis), listProposals(redis)]));
  const proposals = waiting.map(({ plan: { planId, run, validUntil }, summary }) => ({
    ...{ planId, position: `${run.chain}/${run.position}`, validUntil, summary },
  }));
  if (flags.json) return printJson(screen, { open, proposals });
  for (const { planId, position, validUntil, summary } of proposals) {
    screen.write(`${short(planId)}  ${position}  waits for your approval until ${validUntil}\n`);
    screen.write(`    ${showControls(summary)}\n    ./rangeward approve ${planId.slice(0, 12)} --yes\n`);
  }
  if (open.length === 0) return void screen.write('No wallet has a plan in hand.\n');
  printTable(
    screen,
    ['chain id', 'wallet', 'plan'],
    open.map(({ chainId, wallet, planId }) => [String(chainId), wallet, planId]),
  );
  for (const { planId, halted } of open) {
    if (halted !== undefined) screen.write(`\n${short(planId)} is halted: ${halted} (docs/runbooks/plan-halted.md)\n`);
  }
  screen.write('\nOne that cannot go on: ./rangeward plan abandon <plan> --yes (docs/runbooks/foreign-nonce.md)\n');
}

/** As much of an executor's record as is shown here. */
const haltedRecord = z.object({ halted: z.object({ reason: z.string() }) });

/** The open plans, and why one is halted. */
async function readOpenPlans(redis: Redis) {
  const plans = await listOpenPlans(redis);
  return Promise.all(
    plans.map(async (open) => {
      const stored = await createPlanRecords(redis, open).read(open.planId);
      const record = haltedRecord.safeParse(stored?.body);
      return { ...open, ...(record.success && { halted: record.data.halted.reason }) };
    }),
  );
}

/** Asks the executor to close a plan as the chain shows it, and waits for its answer. Signs and sends nothing. */
export async function abandonPlan(
  plan: string,
  flags: GlobalFlags & { yes: boolean; reason: string; timeoutS: number; json: boolean },
  screen: Screen,
): Promise<void> {
  await withRedis(flags, async (redis) => {
    const found = (await listOpenPlans(redis)).filter(({ planId }) => planId.startsWith(plan));
    const [open, ...others] = found;
    if (open === undefined)
      throw new CommandFailure(`no wallet has plan ${plan} in hand: "plan list" shows those that are`);
    if (others.length > 0)
      throw new CommandFailure(`${plan} is the beginning of ${found.length} plans: write more of it`);
    const { planId, wallet } = open;
    if (!flags.yes) {
      throw new CommandFailure(
        `plan ${planId} of ${wallet} would be closed as the chain shows it now, and its wallet freed; nothing is sent, no approval is taken back. Say --yes to do it.`,
        exitCodes.usage,
      );
    }
    const by = `${person()}, rangeward plan abandon`;
    await withNats(flags, (broker) =>
      openAuditNotes(broker, 'operator').write({
        ...{ actor: by, action: 'abandon', reason: flags.reason },
        detail: { plan: planId, wallet },
      }),
    );
    await requestAbandon(redis, planId, { by, reason: flags.reason, at: new Date().toISOString() });
    const endMs = performance.now() + flags.timeoutS * 1_000;
    let answer = await readAbandonAnswer(redis, planId);
    while (answer === null && performance.now() < endMs) {
      await pause(100);
      answer = await readAbandonAnswer(redis, planId);
    }
    if (answer === null) {
      throw new CommandFailure(
        `no executor has answered in ${flags.timeoutS} s; it closes the plan when it next looks at it. Does one run in live mode?`,
      );
    }
    if (flags.json) printJson(screen, { planId, wallet, ...answer });
    else if (answer.closed) screen.write(`Closed: ${showControls(answer.text)}\n`);
    if (!answer.closed) throw new CommandFailure(`the plan stays open: ${answer.text}`);
  });
}
