/** One thing wrong with the configuration, said so that a person can mend it. */
export type ConfigProblem = {
  /** `rangeward.yaml:12:5`, `env LP__EXECUTOR__MAX_GAS`, `flag --mode`; `configuration` when it is nowhere. */
  readonly place: string;
  /** Dotted path of the key, `chains.local.pools.main.positions[0].id`; empty for the whole. */
  readonly path: string;
  readonly expected: string;
  /** What was there, secrets hidden. */
  readonly found: string;
};

/** The configuration is refused; the message lists every problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(
      ({ place, path, expected, found }) =>
        `  ${place}${path === '' ? '' : `  ${path}`}\n    ${expected}${found === '' ? '' : `, found ${found}`}`,
    );
    const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
    super(`The configuration is refused, ${count}:\n${lines.join('\n')}`);
    this.problems = problems;
  }
}
