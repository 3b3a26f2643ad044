import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { describe, expect, it } from 'vitest';
import { withBug } from './plant-bug.ts';
import { plantedBugs } from './planted-bugs.ts';

const source = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

describe('planted bugs', () => {
  it.each(plantedBugs.map((bug) => [bug.name, bug] as const))('%s fits the source and can be loaded', (_name, bug) => {
    for (const file of new Set(bug.edits.map((edit) => edit.file))) {
      const changed = withBug(source(file), bug, file);
      expect(changed).not.toBe(source(file));
      expect(() => stripTypeScriptTypes(changed)).not.toThrow();
    }
  });

  it('say so when the source has moved on from them', () => {
    const bug = {
      name: 'old',
      says: '',
      edits: [{ file: 'a.ts', find: 'x = 1', replace: 'x = 2' }],
      by: { matrix: [] },
    };
    expect(withBug('const x = 1;', bug, 'a.ts')).toBe('const x = 2;');
    expect(() => withBug('const x = 3;', bug, 'a.ts')).toThrow('fits a.ts 0 times');
    expect(() => withBug('x = 1; x = 1;', bug, 'a.ts')).toThrow('fits a.ts 2 times');
  });

  it('are at least twelve', () => {
    expect(new Set(plantedBugs.map(({ name }) => name)).size).toBeGreaterThanOrEqual(12);
  });
});
