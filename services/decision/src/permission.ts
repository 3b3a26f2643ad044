import type { TradingStop } from '@rangeward/adapter-redis/trading-control';
import type { AutonomyLevel, Gate } from '@rangeward/contracts';
import { gateOf } from './gate.ts';

/** Whether anything may be planned at all, once there is something to do. */
export function permission(level: AutonomyLevel, stop: TradingStop | null): Gate {
  if (stop !== null) return gateOf('trading', false, `${stop.state} by ${stop.by}: ${stop.reason}`, 'running');
  const meaning = { observe: 'nothing is planned', propose: 'a person approves the plan', act: 'by itself' }[level];
  return gateOf('autonomy', level !== 'observe', `${level}: ${meaning}`, 'propose or act');
}
