import type { AuditNotes } from '@rangeward/adapter-nats/audit-notes';
import { type Handler, on } from '@rangeward/adapter-nats/bus';
import { type TradeExecuted, tradeExecuted } from '@rangeward/contracts';

const outcomes = { confirmed: 'done', reverted: 'failed', refused: 'refused', simulated: 'done' } as const;

/**
 * What became of every live plan stands in the audit trail, refusals too. Written from the bus and not by the executor, so
 * that nothing is lost when either of them ends in between and trading never waits for the trail.
 */
export function onTradeExecuted(audit: Pick<AuditNotes, 'write'>): Handler {
  return on(tradeExecuted, async ({ data: trade }) => {
    if (trade.mode === 'paper') return;
    await audit.write({
      actor: `executor, for a ${trade.run.trigger} run`,
      action: trade.kind,
      outcome: outcomes[trade.outcome],
      reason: trade.reason,
      detail: detailOf(trade),
    });
  });
}

function detailOf(trade: TradeExecuted): Record<string, string | number | bigint | null> {
  return {
    position: `${trade.run.chain}/${trade.run.position}`,
    plan: trade.planId,
    run: trade.run.id,
    nftBefore: trade.tokenIdBefore,
    nftAfter: trade.tokenIdAfter,
    valueBeforeUsdE6: trade.valueBeforeUsdE6,
    valueAfterUsdE6: trade.valueAfterUsdE6,
    gasUsdE6: trade.gasUsdE6,
    transactions: trade.transactions.map(({ hash }) => hash ?? 'none').join(' '),
  };
}
