import type { EventData, Gate, recommendation, TradingMode } from '@rangeward/contracts';
import type { DecisionSettings } from './config.ts';
import { gateOf } from './gate.ts';

/** What a decision is made from, beside the settings. */
export type DecisionInput = {
  readonly recommendation: EventData<typeof recommendation>;
  /** When the recommendation was made, milliseconds since 1970. Not the present: deciding again gives the same answer. */
  readonly recommendedAtMs: number;
  /** The chain's block time can be compared with wall time; false on a local chain that runs faster. */
  readonly chainClockIsReal: boolean;
  /** The mode this installation is configured for; a live run in a paper installation does nothing. */
  readonly configuredMode: TradingMode;
  /** State of the circuit breaker on error events. */
  readonly breaker: 'closed' | 'half-open' | 'open';
  /**
   * The wallet that the executor signs for on this chain, an address in lower case; null when it has not said so. Absent
   * where nothing is ever executed, as in a backtest.
   */
  readonly wallet?: string | null;
};

/** Held against whatever would go on chain. Paper runs pass what only guards money, and say so. */
export function checkSafety(input: DecisionInput, settings: DecisionSettings): Gate[] {
  const { run, market, feedComplete = true } = input.recommendation;
  const live = run.mode === 'live';
  const timeLeftS = (Date.parse(run.deadline) - input.recommendedAtMs) / 1000;
  const blockAgeS = (input.recommendedAtMs - Date.parse(market.block.time)) / 1000;
  const { maxBlockAgeS, minTimeLeftS, allowIncompleteFeed } = settings.guard;
  return [
    gateOf(
      'trading-mode',
      !live || input.configuredMode === 'live',
      `run ${run.mode}, configured ${input.configuredMode}`,
      'a live run needs mode live',
    ),
    gateOf(
      'breaker',
      !live || input.breaker === 'closed',
      `${input.breaker}, run ${run.mode}`,
      'closed for a live run',
    ),
    gateOf('time-left', timeLeftS >= minTimeLeftS, `${timeLeftS.toFixed(0)} s`, `>= ${minTimeLeftS} s to the deadline`),
    gateOf(
      'price-age',
      !input.chainClockIsReal || Math.abs(blockAgeS) <= maxBlockAgeS,
      input.chainClockIsReal ? `${blockAgeS.toFixed(0)} s` : 'not measured: the chain has its own clock',
      `<= ${maxBlockAgeS} s`,
    ),
    gateOf(
      'feed-complete',
      feedComplete || !live || allowIncompleteFeed,
      `${feedComplete ? 'every swap follows from the one before' : 'swaps are missing in the look-back'}, run ${run.mode}`,
      'nothing missing for a live run',
    ),
    gateOf('liquidity', market.position.liquidity > 0n, describeLiquidity(market.position), '> 0'),
    checkOwner(input),
  ];
}

/** Of a position that was left, a person wants to hear where its tokens are. */
function describeLiquidity({ liquidity, idleUsdE6 }: DecisionInput['recommendation']['market']['position']): string {
  if (liquidity > 0n || !idleUsdE6) return String(liquidity);
  return `0: the position was left, ${(idleUsdE6 / 1e6).toFixed(2)} USD of it lie in the wallet`;
}

/** An NFT that was given away can be planned for as often as one likes, the executor will always refuse. */
function checkOwner({ wallet, recommendation: { run, market } }: DecisionInput): Gate {
  const { owner } = market.position;
  if (wallet === undefined) return gateOf('owner', true, `${owner}, nothing is signed here`, 'the wallet that signs');
  if (wallet === null) {
    return gateOf('owner', run.mode === 'paper', `${owner}; no executor has named its wallet`, 'the wallet that signs');
  }
  return gateOf('owner', owner === wallet, owner, `the wallet that signs, ${wallet}`);
}
