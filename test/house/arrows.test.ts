import { describe, expect, it } from 'vitest';
import { files, type Manifest, manifests, read } from './workspace.ts';

/** Which room may lean on which: arrows go down only. The same picture as in ARCHITECTURE.md. */
const arrows: Record<string, readonly string[]> = {
  contracts: [],
  'uniswap-v3': [],
  service: [],
  adapters: ['contracts', 'uniswap-v3'],
  recording: ['uniswap-v3'],
  invariants: ['contracts', 'uniswap-v3', 'adapters'],
  localnet: ['uniswap-v3', 'recording'],
  host: ['contracts', 'service', 'adapters'],
  services: ['contracts', 'uniswap-v3', 'service', 'adapters', 'invariants', 'host'],
  // The operator's command runs the other apps; that none leads back is held below.
  apps: [
    'contracts',
    'uniswap-v3',
    'recording',
    'service',
    'adapters',
    'invariants',
    'localnet',
    'host',
    'services',
    'apps',
  ],
  test: [
    'contracts',
    'uniswap-v3',
    'recording',
    'service',
    'adapters',
    'invariants',
    'localnet',
    'host',
    'services',
    'apps',
  ],
  bench: [
    'contracts',
    'uniswap-v3',
    'recording',
    'service',
    'adapters',
    'invariants',
    'localnet',
    'host',
    'services',
    'apps',
  ],
};

/** What tests of a room may use beside: real servers, and the other half of a pair. */
const testArrows = ['localnet', 'adapters'];

const packages = manifests();

function roomOf(manifest: Manifest): string {
  if (manifest.folder.startsWith('packages/adapters/')) return 'adapters';
  if (manifest.folder.startsWith('packages/')) return manifest.folder.slice('packages/'.length);
  return manifest.folder.split('/')[0] ?? '';
}

function ownDependencies(declared: Record<string, string> | undefined): Manifest[] {
  return packages.filter(({ name }) => declared?.[name] !== undefined);
}

describe('arrows', () => {
  it('know every room', () => {
    expect([...new Set(packages.map(roomOf))].sort()).toEqual(Object.keys(arrows).sort());
  });

  it.each(packages.map((manifest) => [manifest.folder, manifest] as const))(
    '%s leans only on what lies below',
    (_folder, manifest) => {
      const allowed = arrows[roomOf(manifest)] ?? [];
      const upward = ownDependencies(manifest.dependencies).filter((other) => !allowed.includes(roomOf(other)));
      expect(upward.map(({ name }) => name)).toEqual([]);
      const inTests = ownDependencies(manifest.devDependencies).filter(
        (other) => ![...allowed, ...testArrows].includes(roomOf(other)),
      );
      expect(inTests.map(({ name }) => name)).toEqual([]);
    },
  );

  it('never lead back to where they began, not even by way of tests', () => {
    const next = (name: string) => {
      const manifest = packages.find((one) => one.name === name);
      return ownDependencies({ ...manifest?.dependencies, ...manifest?.devDependencies }).map((other) => other.name);
    };
    const reached = (from: string, seen = new Set<string>()): Set<string> => {
      for (const name of next(from)) {
        if (seen.has(name)) continue;
        seen.add(name);
        reached(name, seen);
      }
      return seen;
    };
    expect(packages.filter(({ name }) => reached(name).has(name)).map(({ name }) => name)).toEqual([]);
  });

  it.each(packages.map((manifest) => [manifest.folder, manifest] as const))(
    '%s imports its neighbours by name and only those it declares',
    (folder, manifest) => {
      const declared = { ...manifest.dependencies, ...manifest.devDependencies, [manifest.name]: 'self' };
      const runtime = { ...manifest.dependencies, [manifest.name]: 'self' };
      for (const file of files(`${folder}/**/*.ts`, `${folder}/*.ts`)) {
        const allowed = /\.test\.ts$/.test(file) ? declared : runtime;
        const imported = [...read(file).matchAll(/from '(@rangeward\/[a-z0-9-]+)/g)].map((match) => match[1] ?? '');
        const undeclared = imported.filter((name) => allowed[name] === undefined && !isTestSupport(file));
        expect({ file, undeclared }).toEqual({ file, undeclared: [] });
        const outward = [...read(file).matchAll(/from '((?:\.\.\/)+)/g)].filter((match) =>
          climbsOut(file, folder, match[1] ?? ''),
        );
        expect({ file, outward: outward.map((match) => match[0]) }).toEqual({ file, outward: [] });
      }
    },
  );
});

/** What lies in a package's `test` folder is only imported by its tests. */
function isTestSupport(file: string): boolean {
  return file.includes('/test/');
}

function climbsOut(file: string, folder: string, climb: string): boolean {
  const depth = file.slice(folder.length + 1).split('/').length - 1;
  return climb.length / 3 > depth;
}
