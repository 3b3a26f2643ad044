import { execFileSync } from 'node:child_process';
import { dirname, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exists, files, read, root } from './workspace.ts';

const documents = files('*.md', '**/*.md');
const scripts = Object.keys(JSON.parse(read('package.json')).scripts);

/** Paths in back-quotes that look like ours. */
const rooms = /^(services|packages|apps|test|bench|deploy|docs|scripts|\.ci)\//;

describe('documents', () => {
  it.each(documents.map((file) => [file]))('%s links and names only what exists', (file) => {
    const text = read(file).replace(/```[\s\S]*?```/g, '');
    const links = [...text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map((match) =>
      normalize(`${dirname(file)}/${match[1]}`),
    );
    const named = [...text.matchAll(/`([^`\s]+)`/g)]
      .map((match) => match[1] ?? '')
      .filter((name) => rooms.test(name) && !/[<>*{}$…]|\.\.\./.test(name))
      .map((name) => name.replace(/\/$/, '').replace(/:\d+$/, ''));
    // A README of a package may name its own files from where it stands.
    const missing = [...links, ...named].filter((name) => !exists(name) && !exists(`${dirname(file)}/${name}`));
    expect(missing).toEqual([]);
  });

  it.each(documents.map((file) => [file]))('%s names only scripts that exist', (file) => {
    const named = [
      ...read(file).matchAll(/\bp?npm run ([a-z:]+)|\bpnpm ((?!install|add|exec|deploy|dlx|run|audit|why)[a-z:]+)/g),
    ].map((match) => match[1] ?? match[2] ?? '');
    expect(named.filter((name) => !scripts.includes(name))).toEqual([]);
  });

  it('made from the contracts are what the contracts say', () => {
    execFileSync(process.execPath, ['scripts/generate-docs.ts', '--check'], { cwd: root });
  });
});

describe('docs/features.md', () => {
  const rows = read('docs/features.md')
    .split('\n')
    .filter((line) => /^\| [A-Z]{2}\d+ \|/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, id = '', what = '', shown = '']) => ({ id, what, shown }));

  it('has every row of the mission, once', () => {
    const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
    const mission = [
      ...ids('RB', 16),
      ...ids('SO', 11),
      ...ids('CR', 9),
      ...ids('EB', 8),
      ...ids('SS', 9),
      ...ids('BX', 11),
    ];
    expect(rows.map(({ id }) => id).sort()).toEqual(mission.sort());
  });

  it.each(rows.map((row) => [row.id, row] as const))(
    '%s is shown by something that exists, or says "not yet"',
    (_id, row) => {
      expect(row.what).not.toBe('');
      const named = [...row.shown.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
      if (named.length === 0) expect(row.shown).toMatch(/^not yet/);
      for (const name of named) {
        const path = name.split(' ')[0] ?? '';
        const isScript =
          /^(npm|pnpm) /.test(name) &&
          (scripts.includes(name.split(' ').at(-1) ?? '') || scripts.includes(name.split(' ')[1] ?? ''));
        const isCommand = path === './rangeward';
        expect({ name, exists: isScript || isCommand || exists(path) }).toEqual({ name, exists: true });
      }
    },
  );
});
