export { type AuditFact, type AuditVerdict, nextAuditEntry, verifyAuditChain } from './audit-chain.ts';
export { catalogue, definitionNamed, definitionOf } from './catalogue.ts';
export { fromWire, toWire } from './compile-schema.ts';
export { type ConsumerDefinition, consumers } from './consumers.ts';
export {
  defineEvent,
  type EventData,
  type EventDefinition,
  eventId,
  runIdOf,
  type ServiceName,
  serviceNames,
} from './define-event.ts';
export {
  type DomainEvent,
  decodeEvent,
  describeIssues,
  type Envelope,
  encodeEvent,
  type Origin,
  parseData,
  parseJson,
  type WireMessage,
} from './envelope.ts';
export { type AuditEntry, audit } from './events/audit.ts';
export { control, type PlanApproved, planApproved, planProposed } from './events/control.ts';
export {
  type DecisionKind,
  decisionMade,
  type Gate,
  type OptionKind,
  type Plan,
  type PricedOption,
  rebalancePlanned,
} from './events/decisions.ts';
export { type TradeExecuted, type TransactionRecord, tradeExecuted } from './events/executions.ts';
export { type RunResult, type RunStatus, runCompleted, runResult, runSkipped, runStarted } from './events/lifecycle.ts';
export { type Candle, type Market, marketObserved, type RecentFees, type SwapQuote, tick } from './events/market.ts';
export { type ModelCall, type ModelScore, modelConsulted, modelScored } from './events/model.ts';
export { breakerChanged, type ErrorNotification, errorNotification } from './events/notices.ts';
export type { Run } from './events/run.ts';
export {
  gasTrigger,
  type ManualRequest,
  manualRequest,
  manualTrigger,
  priceBreachTrigger,
  scheduledTrigger,
  volatilityTrigger,
} from './events/triggers.ts';
export {
  type AlternativeRange,
  noOpinionReasons,
  type Opinion,
  type OpinionAnswer,
  type OpinionEffect,
  opinion,
  opinionAnswer,
  type Prior,
  priorComputed,
  type Range,
  type Regime,
  recommendation,
  type ViewSettings,
} from './events/view.ts';
export { canonicalJson, planIdOf } from './plan-id.ts';
export {
  ADDRESS,
  type AutonomyLevel,
  autonomyLevels,
  CHAIN_NAME,
  type TradingMode,
  type TriggerKind,
  tradingModes,
  triggerKinds,
} from './quantities.ts';
export { Rejection } from './rejection.ts';
export { forgeryCodes, SIGNATURE_HEADER, type SignerName, signedBytes, signersOf } from './signature.ts';
export { chartBucket, type StreamDefinition, type StreamName, streams } from './streams.ts';
export { SUBJECT_ROOT, subjectOf, subjectTemplate } from './subject.ts';
export { type TriggerForm, type UnwrappedTrigger, unwrapTrigger } from './unwrap-trigger.ts';
