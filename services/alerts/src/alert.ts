/**
 * An alert is one cause that a person should know of. A cause has a group; occurrences of one group are told once and
 * then counted. A notice is what goes out for an alert: the alert with the number of occurrences since the last notice.
 */
type Severity = 'info' | 'warning' | 'critical';

export type Alert = {
  /** Service, code and pool, or what else makes one cause of many occurrences. */
  readonly group: string;
  readonly severity: Severity;
  /** One line, for a person. */
  readonly title: string;
  /** Sentences with the numbers. */
  readonly text: string;
  /** Chain, pool, run and the like, by name; `runbook` is the document that says what to do. */
  readonly facts: Readonly<Record<string, string>>;
};

export type Notice = Alert & {
  /** Occurrences since the last notice of this group, this one included. */
  readonly count: number;
  /** ISO 8601 UTC. */
  readonly time: string;
};

/** Orders severities; a higher one than was told is told at once. */
export function rankOf(severity: Severity): number {
  return { info: 0, warning: 1, critical: 2 }[severity];
}
