import { findRunEvent } from '@rangeward/adapter-nats/read-events';
import { decisionMade, type EventData, type Run, recommendation, tradeExecuted } from '@rangeward/contracts';
import { type GlobalFlags, type NatsAccess, withNats, withRedis } from '../operator.ts';
import { printFacts, printJson } from '../output.ts';
import { againstHoldingUsdE6 } from '../story/against-holding.ts';
import { integer, percent, price, signedUsd, tokens, usd } from '../story/format-amounts.ts';
import { printTitle, type Screen } from '../story/print-story.ts';
import { showControls } from '../story/show-controls.ts';
import { tellEvent } from '../story/tell-event.ts';
import { tellEffect, tellOpinion } from '../story/tell-opinion.ts';
import { explainDecision } from './explain-decision.ts';
import { findRun } from './runs.ts';

/** Every number behind a run's decision, in the order in which it was made, so that a person can follow it. */
export async function explain(id: string, flags: GlobalFlags & { json: boolean }, screen: Screen): Promise<void> {
  const { run, result } = await withRedis(flags, (redis) => findRun(redis, id));
  const events = await withNats(flags, (broker) => gather(broker, run));
  if (flags.json) return printJson(screen, { run, result, ...events });
  screen.write(`Run ${run.id}: ${run.trigger}, position ${run.position} in ${run.chain}/${run.pool}, ${run.mode}\n`);
  if (events.recommendation === null) {
    screen.write(`It got no recommendation: ${result?.failure ?? 'it is still running'}\n`);
    return;
  }
  explainMarket(events.recommendation, screen);
  explainView(events.recommendation, screen);
  if (events.decision !== null) explainDecision(events.decision, screen);
  if (events.trade === null) return;
  printTitle(screen, 'What became of it');
  for (const { label, text } of tellEvent(tradeExecuted, { envelope: noEnvelope, data: events.trade })) {
    screen.write(`  ${label.padEnd(10)}${showControls(text)}\n`);
  }
}

const noEnvelope = { id: '', type: '', source: '', time: '', correlationId: '', causationId: '', subject: '' };

async function gather(broker: NatsAccess, run: Run) {
  const where = { id: run.id, chain: run.chain, pool: run.pool, since: run.startedAt };
  const [view, decision, trade] = await Promise.all([
    findRunEvent(broker, recommendation, where),
    findRunEvent(broker, decisionMade, where),
    findRunEvent(broker, tradeExecuted, where),
  ]);
  return { recommendation: view?.data ?? null, decision: decision?.data ?? null, trade: trade?.data ?? null };
}

function explainMarket({ market }: EventData<typeof recommendation>, screen: Screen): void {
  const { pool, position } = market;
  printTitle(screen, `What it saw at block ${integer(market.block.number)} (${market.block.time})`);
  const against = againstHoldingUsdE6(position);
  const hodl =
    position.hodlUsdE6 === null || against === null
      ? 'entry not known'
      : `${usd(position.hodlUsdE6)} (value and idle are ${signedUsd(against)} against it; gas, paid in ETH, is not counted)`;
  const idle =
    position.idle === undefined || position.idleUsdE6 === undefined
      ? null
      : `${usd(position.idleUsdE6)} left in the wallet: ${tokens(position.idle.amount0, pool.token0)} and ${tokens(position.idle.amount1, pool.token1)}`;
  printFacts(screen, [
    [
      'price',
      `${price(pool.priceUsdE6)} USDC per WETH, tick ${integer(pool.tick)}, mean tick ${pool.twapTick ?? 'not known'} over ${pool.twapWindowS} s`,
    ],
    [
      'range',
      `[${integer(position.tickLower)}, ${integer(position.tickUpper)}): ${position.inRange ? 'in range, earning' : 'out of range, earning nothing'}`,
    ],
    ['holds', `${tokens(position.amount0, pool.token0)} and ${tokens(position.amount1, pool.token1)}`],
    ['fees', `${tokens(position.fees0, pool.token0)} and ${tokens(position.fees1, pool.token1)} not yet collected`],
    ['value', `${usd(position.valueUsdE6)} with ${usd(position.feesUsdE6)} of fees`],
    ...(idle === null ? [] : [['idle', idle] as const]),
    ['holding', hodl],
    [
      'gas',
      `${(Number(market.gas.baseFeeWei + market.gas.priorityFeeWei) / 1e9).toFixed(3)} gwei, ETH at ${price(market.nativePriceUsdE6)}`,
    ],
  ]);
}

function explainView(view: EventData<typeof recommendation>, screen: Screen): void {
  const { prior, likelihood, opinion, opinionEffect, posterior, range } = view;
  printTitle(screen, `How it sees the price in ${Math.round(posterior.horizonS / 60)} minutes`);
  const width = (sigmaLog: number) => percent(sigmaLog, 2);
  printFacts(screen, [
    [
      'prior',
      `${price(prior.centerUsdE6)} ± ${width(prior.sigmaLog)} from ${prior.blocksWithTrades} of ${prior.windowBlocks} blocks (${prior.source}), ${usd(prior.volumeUsdE6)} traded`,
    ],
    [
      'likelihood',
      `± ${width(likelihood.sigmaLog)}, ${percent(likelihood.volatilityAnnual)} a year from ${likelihood.candles} returns, ${likelihood.degreesOfFreedom} degrees of freedom`,
    ],
    ['model', `${tellOpinion(opinion)}${tellEffect(opinionEffect)}`],
    ['posterior', `${price(posterior.centerUsdE6)} ± ${width(posterior.sigmaLog)}`],
    [
      'range',
      `[${integer(range.tickLower)}, ${integer(range.tickUpper)}) = ${price(range.lowerUsdE6)} to ${price(range.upperUsdE6)}, the smallest that holds ${percent(range.coverage)} (${percent(range.mass, 2)})`,
    ],
  ]);
}
