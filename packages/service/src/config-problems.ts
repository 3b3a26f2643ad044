import type { z } from 'zod';
import type { ConfigProblem } from './config-error.ts';
import { isSecret, isUrl, schemaAt, shapeOf } from './config-schema.ts';
import { isTree, type Origin, originText, type Path, pathText, readAt } from './config-tree.ts';
import { redactUrl } from './redact-url.ts';

/** Turns what zod found into problems that name file, line, key, what was expected and what was found. */

export type Checked = {
  readonly schema: z.core.$ZodType;
  readonly input: unknown;
  readonly origins: ReadonlyMap<string, Origin>;
};

export function problemsOf(issues: readonly z.core.$ZodIssue[], checked: Checked): ConfigProblem[] {
  return issues.flatMap((issue) => issueProblems(issue, [], checked));
}

export function unknownKeyProblem(
  path: Path,
  known: readonly string[],
  origins: ReadonlyMap<string, Origin>,
): ConfigProblem {
  const meant = nearestName(String(path.at(-1)), known);
  return {
    place: placeOf(path, origins),
    path: pathText(path),
    expected:
      meant !== null
        ? `unknown key; did you mean ${meant}?`
        : `unknown key${known.length === 0 ? '' : `; known here: ${known.join(', ')}`}`,
    found: '',
  };
}

/** A value as a message may show it: secrets and what stands behind a URL's host are hidden, long text is cut. */
export function shownValue(value: unknown, schema: z.core.$ZodType, path: Path): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (isTree(value)) return 'a section';
  if (isSecret(schema, path)) return '(hidden)';
  if (typeof value !== 'string') return String(value);
  const url = redactUrl(value);
  if (url !== null) return url;
  // Text that fails to be a URL may still carry its key.
  if (isUrl(schemaAt(schema, path)) || value.includes('://')) return '(hidden, not a URL)';
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}

function issueProblems(issue: z.core.$ZodIssue, base: Path, checked: Checked): ConfigProblem[] {
  // Keys of configuration are text and numbers; zod's type allows symbols too.
  const path = [...base, ...(issue.path as (string | number)[])];
  if (issue.code === 'unrecognized_keys') {
    const section = schemaAt(checked.schema, path);
    const known = section === null ? [] : Object.keys(shapeOf(section) ?? {});
    return issue.keys.map((key) => unknownKeyProblem([...path, key], known, checked.origins));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    return closestOption(issue.errors).flatMap((inner) => issueProblems(inner, path, checked));
  }
  if ((issue.code === 'invalid_key' || issue.code === 'invalid_element') && issue.issues.length > 0) {
    return issue.issues.flatMap((inner) => issueProblems({ ...inner, path: [] }, path, checked));
  }
  const value = readAt(checked.input, path);
  return [
    {
      place: placeOf(path, checked.origins),
      path: pathText(path),
      expected: `${expectation(issue)}${quoteHint(issue, value)}`,
      found: issue.code === 'custom' && isTree(value) ? '' : shownValue(value, checked.schema, path),
    },
  ];
}

/** Of the forms a value may have, the one it comes nearest to: its complaints lie deepest. */
function closestOption(options: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] {
  const depth = (issues: readonly z.core.$ZodIssue[]) => Math.max(0, ...issues.map((issue) => issue.path.length));
  return [...options].sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0] ?? [];
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.message === 'Invalid URL') return 'expected a URL';
  const text = issue.message
    .replace(/^(?:Invalid input|Too small|Too big|Invalid option|Invalid string|Invalid number|Invalid key): /, '')
    .replace(/, received [A-Za-z]+$/, '');
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function quoteHint(issue: z.core.$ZodIssue, value: unknown): string {
  const wantsText = issue.code === 'invalid_type' && issue.expected === 'string';
  return wantsText && (typeof value === 'number' || typeof value === 'boolean') ? ' (put it in quotes)' : '';
}

/** The place of the value, or of the nearest section around it. */
function placeOf(path: Path, origins: ReadonlyMap<string, Origin>): string {
  for (let length = path.length; length > 0; length -= 1) {
    const origin = origins.get(pathText(path.slice(0, length)));
    if (origin !== undefined) return originText(origin);
  }
  return 'configuration';
}

function nearestName(name: string, known: readonly string[]): string | null {
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  if (best === undefined) return null;
  return best.distance <= Math.max(1, Math.floor(name.length / 3)) ? best.candidate : null;
}

/** Levenshtein's distance: letters to insert, drop or change. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const change = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, change));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
