/** One line of the table: what we do, beside what it is held against in the same run. */
export type Figure = {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly reference: { readonly name: string; readonly value: number } | null;
  /** Null for a line that only informs. */
  readonly goal: Goal | null;
};

export type Goal = {
  /** Whether the ratio to the reference is judged, or our own value. */
  readonly of: 'ratio' | 'value';
  readonly better: 'less' | 'more';
  readonly reach: number;
  readonly stretch: number;
};

export type Verdict = 'stretch' | 'reach' | 'missed' | '';

/** Ours divided by the reference; null where there is none. */
export function ratioOf(figure: Figure): number | null {
  return figure.reference === null ? null : figure.ours / figure.reference.value;
}

/** How far a figure got; '' where nothing is asked of it. A figure that is no number missed. */
export function verdictOf(figure: Figure): Verdict {
  const { goal } = figure;
  if (goal === null) return '';
  const judged = goal.of === 'value' ? figure.ours : ratioOf(figure);
  if (judged === null || !Number.isFinite(judged)) return 'missed';
  const reaches = (bound: number) => (goal.better === 'less' ? judged <= bound : judged >= bound);
  if (reaches(goal.stretch)) return 'stretch';
  return reaches(goal.reach) ? 'reach' : 'missed';
}

/** A bench: measures and answers its figures. What it starts it stops, also when it fails. */
export type Bench = {
  /** How it is asked for. */
  readonly name: string;
  /** What it measures, in one line. */
  readonly about: string;
  readonly run: (context: BenchContext) => Promise<readonly Figure[]>;
};

export type BenchContext = {
  /** Tells a person what is being done; not part of the table. */
  readonly say: (text: string) => void;
};
