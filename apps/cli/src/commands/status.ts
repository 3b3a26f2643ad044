import { ERRORS_BREAKER, nodeBreaker, readBreaker } from '@rangeward/adapter-redis/breakers';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { listOpenPlans } from '@rangeward/adapter-redis/plan-records';
import { listPositions } from '@rangeward/adapter-redis/position-registry';
import { listProposals } from '@rangeward/adapter-redis/proposals';
import { createRunRecords } from '@rangeward/adapter-redis/run-records';
import { readControl } from '@rangeward/adapter-redis/trading-control';
import { consumers, streams } from '@rangeward/contracts';
import { type GlobalFlags, type NatsAccess, withNats, withRedis } from '../operator.ts';
import { printFacts, printJson, printTable } from '../output.ts';
import { duration, integer, short, usd } from '../story/format-amounts.ts';
import { printTitle, type Screen } from '../story/print-story.ts';
import { tellControl } from './control.ts';

/** What is running, what waits, where each position stands. */
export async function status(flags: GlobalFlags & { json: boolean }, screen: Screen): Promise<void> {
  const [bus, state] = await Promise.all([withNats(flags, readBus), readState(flags)]);
  if (flags.json) return printJson(screen, { ...bus, ...state });
  printFacts(screen, [
    ['mode', state.mode],
    ['trading', state.trading],
    ['breaker', state.breaker],
    ...state.nodes.map(({ chain, breaker }): [string, string] => [`node of ${chain}`, breaker]),
    ['dead letters', integer(bus.deadLetters)],
  ]);
  printTitle(screen, 'Positions');
  printTable(
    screen,
    ['position', 'NFT', 'before it', 'last run', 'moved', 'fees', 'gas', 'failures in a row'],
    state.positions.map((row) => [
      row.name,
      row.tokenId,
      row.lineage,
      row.lastRunAt,
      row.rebalances,
      row.fees,
      row.gas,
      row.failures,
    ]),
  );
  const resting = state.positions.filter(({ restingPlan }) => restingPlan !== null);
  if (resting.length > 0) printTitle(screen, 'Tokens in the wallet');
  for (const { name, idle, restingPlan } of resting) {
    screen.write(
      `  ${name}: no NFT holds it since plan ${short(restingPlan ?? '')}; ${idle} rest in the wallet (raw units).\n`,
    );
    screen.write('    Nothing puts them in again by itself: docs/runbooks/tokens-rest.md\n');
  }
  if (state.openPlans.length > 0) printTitle(screen, 'Plans in hand');
  for (const { wallet, planId } of state.openPlans) screen.write(`  ${short(planId)}  of ${wallet}\n`);
  if (state.proposals.length > 0) printTitle(screen, 'Plans that wait for your approval');
  for (const { planId, until, summary } of state.proposals) {
    screen.write(`  ${short(planId)}  until ${until}: ${summary}\n`);
  }
  printTitle(screen, 'Consumers');
  printTable(
    screen,
    ['consumer', 'waiting', 'in hand', 'given again'],
    bus.consumers.map((row) => [row.name, row.waiting, row.inHand, row.again]),
  );
  printTitle(screen, 'Last runs');
  for (const run of state.lastRuns) screen.write(`  ${run}\n`);
}

async function readBus(broker: NatsAccess) {
  const rows = await Promise.all(
    Object.values(consumers).map(async ({ stream, durable }) => {
      const info = await broker.jsm.consumers.info(stream, durable).catch(() => null);
      if (info === null) return { name: durable, waiting: 'not there', inHand: '', again: '' };
      return {
        name: durable,
        waiting: integer(info.num_pending),
        inHand: integer(info.num_ack_pending),
        again: integer(info.num_redelivered),
      };
    }),
  );
  const letters = await broker.jsm.streams.info('LP_DLQ').catch(() => null);
  return { consumers: rows, streams: Object.keys(streams), deadLetters: letters?.state.messages ?? 0 };
}

/** The breaker on each chain's node. */
function nodesOf(redis: Redis, chains: readonly string[]) {
  return Promise.all(
    chains.map(async (chain) => {
      const breaker = await readBreaker(redis, nodeBreaker(chain));
      const closed = breaker === null || breaker.state === 'closed';
      return { chain, breaker: closed ? 'closed' : `${breaker.state}: ${breaker.reason}` };
    }),
  );
}

async function readState(flags: GlobalFlags) {
  return withRedis(flags, async (redis, config) => {
    const records = createRunRecords(redis);
    const [runs, registered, breaker, openPlans, control, proposals] = await Promise.all([
      records.list({ limit: 5 }),
      listPositions(redis),
      readBreaker(redis, ERRORS_BREAKER),
      listOpenPlans(redis),
      readControl(redis),
      listProposals(redis),
    ]);
    const positions = await Promise.all(
      registered.map(async ({ chain, pool, id, tokenId, lineage, idle, restingPlan }) => {
        const totals = await records.totals({ chain, pool, position: id });
        return {
          name: `${chain}/${id}`,
          tokenId: tokenId.toString(),
          lineage: lineage.slice(0, -1).join(', ') || 'none',
          lastRunAt: totals?.lastRunAt ?? 'never',
          rebalances: integer(totals?.rebalances ?? 0),
          fees: usd(totals?.feesCollectedUsdE6 ?? 0),
          gas: usd(totals?.gasUsdE6 ?? 0),
          failures: integer(totals?.consecutiveFailures ?? 0),
          idle: `${idle.amount0} of token0 and ${idle.amount1} of token1`,
          restingPlan,
        };
      }),
    );
    const lastRuns = runs.map(({ run, result }) => {
      const took = result?.durationMs == null ? '' : ` in ${duration(result.durationMs)}`;
      const outcome = result?.outcome == null ? '' : `, ${result.outcome}`;
      return `${short(run.id)}  ${run.startedAt}  ${run.trigger}: ${result?.status ?? 'running'}${took}; ${result?.decision ?? 'no decision yet'}${outcome}`;
    });
    return {
      mode: config.mode,
      nodes: await nodesOf(redis, Object.keys(config.chains)),
      trading: control === null ? 'running' : tellControl(control),
      breaker: breaker === null ? 'closed' : `${breaker.state}: ${breaker.reason}`,
      positions,
      openPlans,
      proposals: proposals.map(({ plan, summary }) => ({ planId: plan.planId, until: plan.validUntil, summary })),
      lastRuns,
    };
  });
}
