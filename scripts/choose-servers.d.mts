/** What is to be known of a machine. Docker is asked last, because its answer takes longest. */
export type Machine = {
  readonly platform: string;
  readonly isRoot: boolean;
  readonly has: (program: string) => boolean;
  readonly dockerAnswers: () => boolean;
};

export function chooseWay(
  missing: readonly string[],
  machine: Machine,
): { kind: 'nothing' | 'debian' | 'docker' } | { kind: 'none'; sentence: string };
