import type { TradingStop } from '@rangeward/adapter-redis/trading-control';
import type { AuditEntry } from '@rangeward/contracts';

/**
 * The stop of live trading that the audit trail leaves in force: the strictest since a person last let trading go on. Null
 * when there is none. What Redis has lost of it must not let anything be signed.
 */
export function stopInForce(entries: Iterable<AuditEntry>): TradingStop | null {
  let stop: TradingStop | null = null;
  for (const { action, outcome, actor, reason, at } of entries) {
    if (outcome !== 'done') continue;
    if (action === 'resume') stop = null;
    if (action !== 'kill' && action !== 'pause') continue;
    const next: TradingStop = {
      state: action === 'kill' ? 'killed' : 'paused',
      ...{ by: actor, reason, through: 'audit', at },
    };
    if (stop === null || (stop.state === 'paused' && next.state === 'killed')) stop = next;
  }
  return stop;
}
