import type { EventDefinition } from './define-event.ts';
import { audit } from './events/audit.ts';
import { control, planApproved, planProposed } from './events/control.ts';
import { decisionMade, rebalancePlanned } from './events/decisions.ts';
import { tradeExecuted } from './events/executions.ts';
import { runCompleted, runSkipped, runStarted } from './events/lifecycle.ts';
import { marketObserved, tick } from './events/market.ts';
import { modelConsulted, modelScored } from './events/model.ts';
import { breakerChanged, errorNotification } from './events/notices.ts';
import {
  gasTrigger,
  manualTrigger,
  priceBreachTrigger,
  scheduledTrigger,
  volatilityTrigger,
} from './events/triggers.ts';
import { priorComputed, recommendation } from './events/view.ts';

/** Every event, in the order of the flow. A new event is a definition and a line here. */
export const catalogue = [
  scheduledTrigger,
  manualTrigger,
  priceBreachTrigger,
  volatilityTrigger,
  gasTrigger,
  runStarted,
  runSkipped,
  tick,
  marketObserved,
  priorComputed,
  modelConsulted,
  recommendation,
  modelScored,
  decisionMade,
  rebalancePlanned,
  planProposed,
  planApproved,
  tradeExecuted,
  runCompleted,
  errorNotification,
  breakerChanged,
  control,
  audit,
] as const satisfies readonly EventDefinition[];

const byName = new Map<string, EventDefinition>(catalogue.map((definition) => [definition.name, definition]));

export function definitionNamed(name: string): EventDefinition | undefined {
  return byName.get(name);
}

/** The definition whose subjects `subject` belongs to: `lp.v1.trigger.manual.base.0x…` gives `trigger.manual`. */
export function definitionOf(subject: string): EventDefinition | undefined {
  const [root, version, first, second] = subject.split('.');
  if (root !== 'lp' || version !== 'v1' || first === undefined) return undefined;
  return byName.get(first === 'trigger' ? `trigger.${second ?? ''}` : first);
}
