import type {
  breakerChanged,
  DomainEvent,
  decisionMade,
  ErrorNotification,
  EventData,
  EventDefinition,
  gasTrigger,
  marketObserved,
  Plan,
  priceBreachTrigger,
  priorComputed,
  recommendation,
  runCompleted,
  runSkipped,
  runStarted,
  TradeExecuted,
  volatilityTrigger,
} from '@rangeward/contracts';
import { againstHoldingUsdE6 } from './against-holding.ts';
import { duration, integer, percent, price, short, signedUsd, usd } from './format-amounts.ts';

/** One line of the story: a short label and what it says. */
export type StoryLine = {
  readonly label: string;
  readonly text: string;
  readonly tone: 'plain' | 'good' | 'warn' | 'bad';
};

const line = (label: string, text: string, tone: StoryLine['tone'] = 'plain'): StoryLine => ({ label, text, tone });

/**
 * What an event says to a person: what happened and why, with the numbers. Events that a person need not hear of, and
 * those of a newer version, say nothing.
 */
export function tellEvent(definition: EventDefinition, event: DomainEvent): StoryLine[] {
  const teller = tellers[definition.name];
  // The bus decoded the data with the definition of that name, which is what the teller expects.
  return teller === undefined ? [] : teller(event.data as never);
}

const tellers: Record<string, ((data: never) => StoryLine[]) | undefined> = {
  'trigger.price-breach': tellBreach,
  'trigger.volatility': tellVolatility,
  'trigger.gas': tellGas,
  'run-started': tellStart,
  'run-skipped': (data: EventData<typeof runSkipped>) => [line('skipped', data.reason)],
  'market-observed': tellMarket,
  'prior-computed': tellPrior,
  recommendation: tellRecommendation,
  'decision-made': tellDecision,
  'rebalance-planned': tellPlan,
  'trade-executed': tellTrade,
  'run-completed': tellCompletion,
  'error-notification': (data: ErrorNotification) => [
    line('error', `${data.service}: ${data.message} (${data.code})`, 'bad'),
  ],
  'breaker-changed': (data: EventData<typeof breakerChanged>) => [
    line('breaker', `${data.state}: ${data.reason}`, data.state === 'closed' ? 'good' : 'bad'),
  ],
};

function tellBreach(data: EventData<typeof priceBreachTrigger>): StoryLine[] {
  const range = `[${integer(data.tickLower)}, ${integer(data.tickUpper)})`;
  return [
    line(
      'breach',
      `the price left the range of ${data.position} (NFT ${data.tokenId}): tick ${integer(data.tick)} is ${data.side} ${range}, block ${integer(data.block)}`,
      'warn',
    ),
  ];
}

function tellVolatility(data: EventData<typeof volatilityTrigger>): StoryLine[] {
  return [
    line(
      'volatility',
      `${percent(data.realisedAnnual)} a year, ${data.ratio.toFixed(1)} times the normal ${percent(data.normalAnnual)}`,
      'warn',
    ),
  ];
}

function tellGas(data: EventData<typeof gasTrigger>): StoryLine[] {
  const gwei = (wei: bigint) => (Number(wei) / 1e9).toFixed(3);
  return [line('gas', `cheap at ${gwei(data.gasPriceWei)} gwei (threshold ${gwei(data.thresholdWei)})`)];
}

function tellStart(data: EventData<typeof runStarted>): StoryLine[] {
  return [line('run', `${short(data.run.id)} opened for ${data.run.position} by ${data.run.trigger}: ${data.reason}`)];
}

function tellMarket({ market }: EventData<typeof marketObserved>): StoryLine[] {
  const { position } = market;
  const against = againstHoldingUsdE6(position);
  const idle = position.idleUsdE6 ? `, ${usd(position.idleUsdE6)} idle in the wallet` : '';
  const hodl = against === null ? '' : `, ${signedUsd(against)} against holding before gas`;
  return [
    line(
      'market',
      `block ${integer(market.block.number)}: ${price(market.pool.priceUsdE6)} USDC per WETH; position worth ${usd(position.valueUsdE6)} with ${usd(position.feesUsdE6)} of fees${idle}${hodl}`,
    ),
  ];
}

function tellPrior({ prior }: EventData<typeof priorComputed>): StoryLine[] {
  const widened = prior.widening > 1 ? `, widened ${prior.widening} times` : '';
  return [
    line(
      'prior',
      `${price(prior.centerUsdE6)} ± ${percent(prior.sigmaLog, 2)} from ${prior.blocksWithTrades} blocks with ${usd(prior.volumeUsdE6)} traded${widened}`,
    ),
  ];
}

function tellRecommendation({ posterior, range }: EventData<typeof recommendation>): StoryLine[] {
  const ahead = duration(posterior.horizonS * 1000);
  return [
    line(
      'view',
      `${price(posterior.centerUsdE6)} ± ${percent(posterior.sigmaLog, 2)} over ${ahead}; range ${price(range.lowerUsdE6)} to ${price(range.upperUsdE6)} holds ${percent(range.mass)} of it`,
    ),
  ];
}

function tellDecision(data: EventData<typeof decisionMade>): StoryLine[] {
  const failed = data.gates
    .filter((gate) => !gate.passed)
    .map((gate) => line('', `✗ ${gate.name}: ${gate.value}, asked ${gate.threshold}`));
  return [
    line('decision', `${data.kind.toUpperCase()}: ${data.reason}`, data.kind === 'hold' ? 'plain' : 'good'),
    ...failed,
  ];
}

function tellPlan(data: Plan): StoryLine[] {
  const rest = data.kind === 'exit' ? 'take everything out' : 'collect the fees';
  const target =
    data.target === null
      ? rest
      : `move${data.swap === 'none' ? ' without a swap' : ''} to [${integer(data.target.tickLower)}, ${integer(data.target.tickUpper)})`;
  return [
    line(
      'plan',
      `${short(data.planId)}: ${target}, at most ${usd(data.limits.maxGasUsdE6)} of gas and ${data.limits.maxSlippageBps / 100} % slippage`,
    ),
  ];
}

function tellTrade(data: TradeExecuted): StoryLine[] {
  const tone = data.outcome === 'confirmed' ? 'good' : data.outcome === 'simulated' ? 'plain' : 'bad';
  const transactions = data.transactions.map((transaction) =>
    line(
      '',
      `${transaction.status === 'reverted' ? '✗' : '✓'} ${transaction.step.padEnd(9)} ${transaction.hash ?? 'simulated'}  gas ${integer(transaction.gasUsed)}`,
    ),
  );
  return [
    line('executed', data.reason.startsWith(data.outcome) ? data.reason : `${data.outcome}: ${data.reason}`, tone),
    ...transactions,
    ...tellMoney(data),
  ];
}

function tellMoney(data: TradeExecuted): StoryLine[] {
  const after =
    data.valueAfterUsdE6 === null ? '' : `, value ${usd(data.valueBeforeUsdE6)} to ${usd(data.valueAfterUsdE6)}`;
  const fees = data.feesUsdE6 === null ? '' : `, fees collected ${usd(data.feesUsdE6)}`;
  const swap = data.swapCostUsdE6 === null ? '' : `, swap cost ${usd(data.swapCostUsdE6)}`;
  return [line('', `gas ${usd(data.gasUsdE6)}${swap}${fees}${after}`)];
}

function tellCompletion({ result }: EventData<typeof runCompleted>): StoryLine[] {
  const nft =
    result.newTokenId === null || result.newTokenId === result.tokenId
      ? ''
      : `; NFT ${result.tokenId} became ${result.newTokenId}`;
  const took = result.durationMs === null ? '' : ` in ${duration(result.durationMs)}`;
  const why = result.failure === null ? '' : `: ${result.failure}`;
  const tone = result.status === 'failed' ? 'bad' : result.status === 'completed' ? 'good' : 'plain';
  return [line('run', `${short(result.runId)} ${result.status}${took}${nft}${why}`, tone)];
}
