/** One setting in which the server and the declaration differ. */
export type Difference = { readonly setting: string; readonly declared: unknown; readonly found: unknown };

/** What the server has otherwise than declared; settings that are not declared are the server's own affair. */
export function differencesOf(
  declared: Readonly<Record<string, unknown>>,
  found: Readonly<Record<string, unknown>>,
): Difference[] {
  return Object.entries(declared)
    .filter(([setting, value]) => canonical(value) !== canonical(found[setting]))
    .map(([setting, value]) => ({ setting, declared: value, found: found[setting] }));
}

/** `LP_PLANS: discard is old on the server, declared new; ...` */
export function describeDifferences(what: string, differences: readonly Difference[]): string {
  const lines = differences.map(
    ({ setting, declared, found }) => `${setting} is ${show(found)} on the server, declared ${show(declared)}`,
  );
  return `${what}: ${lines.join('; ')}`;
}

function show(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value);
}

function canonical(value: unknown): string {
  return JSON.stringify(Array.isArray(value) ? [...value].sort() : (value ?? null));
}
