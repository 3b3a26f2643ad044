import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type ConfigSources, loadConfig } from './config.ts';
import { ConfigError } from './config-error.ts';
import { originText } from './config-tree.ts';
import { describeConfig } from './describe-config.ts';
import { processSettings } from './settings.ts';

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'expected 0x and 40 hex digits');
const pool = z.strictObject({ address, tokenId: z.coerce.bigint().positive(), fees: z.array(z.int()).default([]) });

const schema = z.strictObject({
  mode: z.enum(['paper', 'live']).default('paper'),
  chains: z
    .record(z.string(), z.strictObject({ rpcUrl: z.url(), pools: z.record(z.string(), pool).default({}) }))
    .default({}),
  nats: z.strictObject({ url: z.url().default('nats://127.0.0.1:4222') }),
  executor: z.strictObject({
    maxGasUsdPerDay: z.number().positive().default(25),
    key: z.string().optional().meta({ secret: true }),
    keyFile: z.string().optional(),
    apiToken: z.string().optional().meta({ secret: true }),
    enabled: z.boolean().default(true),
    names: z.array(z.string()).default([]),
  }),
  ...processSettings,
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
function file(text: string): string {
  count += 1;
  const path = join(folder, `f${count}.yaml`);
  writeFileSync(path, text);
  return path;
}

function load(yaml: string, more: Partial<ConfigSources<typeof schema>> = {}) {
  const knownSections = ['scheduler', 'decision', 'marketData', 'alerts'];
  return loadConfig({ schema, files: [file(yaml)], env: {}, knownSections, ...more });
}

function refusal(run: () => unknown): ConfigError {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

const pools = (address: string) =>
  `chains:\n  local:\n    rpcUrl: http://127.0.0.1:8545\n    pools:\n      usdc-weth:\n        address: ${address}\n        tokenId: 12345678901234567890123\n`;

describe('order', () => {
  test('defaults, then files, then environment, then flags', () => {
    const yaml = 'executor:\n  maxGasUsdPerDay: 1\n';
    const env = { LP__EXECUTOR__MAX_GAS_USD_PER_DAY: '2' };
    const flags = { 'executor.maxGasUsdPerDay': 3 };
    const gas = (loaded: ReturnType<typeof load>) => loaded.config.executor.maxGasUsdPerDay;
    expect(gas(load(''))).toBe(25);
    expect(gas(load(yaml))).toBe(1);
    expect(gas(load(yaml, { env }))).toBe(2);
    expect(gas(load(yaml, { env, flags }))).toBe(3);
  });

  test('a later file wins value by value, and lists are replaced whole', () => {
    const files = [file('executor: {maxGasUsdPerDay: 1, names: [a, b]}'), file('executor: {names: [c]}')];
    const { config, origins } = loadConfig({ schema, files, env: {} });
    expect(config.executor).toMatchObject({ maxGasUsdPerDay: 1, names: ['c'] });
    expect(origins.has('executor.names[1]')).toBe(false);
  });

  test('each value knows where it came from', () => {
    const { origins } = load('executor:\n  maxGasUsdPerDay: 1\n  names: [a]\n', {
      env: { LOG_LEVEL: 'warn' },
      flags: { mode: 'live' },
    });
    const text = (path: string) => originText(origins.get(path) ?? { kind: 'default' }).replace(/^.*\//, '');
    expect(text('executor.maxGasUsdPerDay')).toMatch(/^f\d+\.yaml:2:20$/);
    expect(text('executor.names[0]')).toMatch(/^f\d+\.yaml:3:11$/);
    expect(text('log.level')).toBe('env LOG_LEVEL');
    expect(text('mode')).toBe('flag --mode');
    expect(text('health.port')).toBe('default');
  });
});

describe('YAML', () => {
  test('an unquoted address stays text, and a long integer stays exact', () => {
    const address = '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640';
    expect(load(pools(address)).config.chains.local?.pools['usdc-weth']).toEqual({
      address,
      tokenId: 12345678901234567890123n,
      fees: [],
    });
    expect(load(pools(`"${address}"`)).config.chains.local?.pools['usdc-weth']?.address).toBe(address);
  });

  test('a section with everything in it commented out takes its defaults', () => {
    expect(load('executor:\n  # maxGasUsdPerDay: 1\nlog:\n').config.executor.maxGasUsdPerDay).toBe(25);
  });

  test('anchors are followed, and one inside itself ends', () => {
    expect(load('executor: {names: &n [a]}\nlog: {level: debug}\nscheduler: {x: *n}').config.log.level).toBe('debug');
    expect(() => load('scheduler: &a {x: *a}')).not.toThrow();
  });

  test('broken YAML names its line and quotes nothing of it', () => {
    const error = refusal(() => load('executor:\n  key: "sekret-value\nlog: {}\n'));
    expect(error.message).toMatch(/f\d+\.yaml:\d+:\d+/);
    expect(error.message).not.toContain('sekret');
  });

  test('a key given twice is refused', () => {
    expect(refusal(() => load('mode: paper\nmode: live\n')).message).toMatch(/yaml:2:1\n.*unique/);
  });

  test('a missing file is named', () => {
    const missing = join(folder, 'absent.yaml');
    expect(refusal(() => loadConfig({ schema, files: [missing], env: {} })).message).toContain(`${missing}`);
  });

  test('a key called __proto__ pollutes nothing', () => {
    refusal(() => load('executor:\n  __proto__: {polluted: true}\n'));
    expect('polluted' in {}).toBe(false);
  });
});

describe('environment', () => {
  const executor = (env: Record<string, string>, yaml = '') => load(yaml, { env }).config.executor;

  test('text becomes what the schema asks for', () => {
    expect(
      executor({
        LP__EXECUTOR__MAX_GAS_USD_PER_DAY: '1.5',
        LP__EXECUTOR__ENABLED: 'false',
        LP__EXECUTOR__NAMES: 'a, b',
        LP__EXECUTOR__KEY: '0123',
      }),
    ).toMatchObject({ maxGasUsdPerDay: 1.5, enabled: false, names: ['a', 'b'], key: '0123' });
    expect(executor({ LP__EXECUTOR__NAMES: '[a, "b,c"]' }).names).toEqual(['a', 'b,c']);
  });

  test('what does not read as a number is refused with its name', () => {
    const error = refusal(() => executor({ LP__EXECUTOR__MAX_GAS_USD_PER_DAY: 'much' }));
    expect(error.problems).toEqual([
      {
        place: 'env LP__EXECUTOR__MAX_GAS_USD_PER_DAY',
        path: 'executor.maxGasUsdPerDay',
        expected: 'expected number',
        found: '"much"',
      },
    ]);
  });

  test('names of pools are found among those the files name', () => {
    const yaml = pools('0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640');
    const { config } = load(yaml, { env: { LP__CHAINS__LOCAL__POOLS__USDC_WETH__TOKEN_ID: '7' } });
    expect(config.chains.local?.pools['usdc-weth']?.tokenId).toBe(7n);
    const made = load('', { env: { LP__CHAINS__BASE_TEST__RPC_URL: 'http://127.0.0.1:1' } });
    expect(Object.keys(made.config.chains)).toEqual(['base-test']);
  });

  test('a secret is read from a file, unless the schema has a key of that very name', () => {
    const secret = file('s3cret\n');
    expect(executor({ LP__EXECUTOR__API_TOKEN_FILE: secret }).apiToken).toBe('s3cret');
    expect(executor({ LP__EXECUTOR__KEY_FILE: secret })).toMatchObject({ keyFile: secret });
    expect(load('', { env: { NATS_URL_FILE: file('nats://n:4222') } }).config.nats.url).toBe('nats://n:4222');
    const both = { LP__EXECUTOR__API_TOKEN_FILE: secret, LP__EXECUTOR__API_TOKEN: 'x' };
    expect(refusal(() => executor(both)).message).toContain('either');
    expect(refusal(() => executor({ LP__EXECUTOR__API_TOKEN_FILE: '/nowhere' })).message).toContain('readable file');
  });

  test('unprefixed names, the prefixed one winning, an empty one absent', () => {
    const env = { NATS_URL: 'nats://a:1', PORT: '8080', LOG_LEVEL: '' };
    expect(load('', { env }).config).toMatchObject({
      nats: { url: 'nats://a:1' },
      health: { port: 8080 },
      log: { level: 'info' },
    });
    expect(load('', { env: { ...env, LP__NATS__URL: 'nats://b:2' } }).config.nats.url).toBe('nats://b:2');
    // This schema has no redis section.
    expect(load('', { env: { REDIS_URL: 'redis://x:1' } }).config).not.toHaveProperty('redis');
  });

  test('a service names more of them', () => {
    const environmentNames = { EXECUTOR_KEY: 'executor.key' };
    expect(load('', { env: { EXECUTOR_KEY: 'abc' }, environmentNames }).config.executor.key).toBe('abc');
  });

  test('a name that sets nothing is refused, one of another service is passed over', () => {
    expect(refusal(() => executor({ LP__EXECUTOR__MAX_GAZ: '1' })).message).toContain('maxGasUsdPerDay');
    expect(refusal(() => executor({ LP__EXEKUTOR__KEY: '1' })).message).toContain('env LP__EXEKUTOR__KEY');
    expect(() => executor({ LP__MARKET_DATA__POLL_MS: '1', LP__ALERTS__X: '1' })).not.toThrow();
  });

  test('hands on what telemetry and the terminal want', () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', NO_COLOR: '1', HOME: '/' };
    expect(load('', { env }).environment).toEqual({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', NO_COLOR: '1' });
  });
});

describe('refusals', () => {
  test('all problems at once, each with file, line, column, key, expected and found', () => {
    const error = refusal(() => load('mode: fast\nexecutor:\n  maxGasUsdPerDay: -1\n  enabled: maybe\n'));
    const seen = error.problems.map(({ place, ...rest }) => ({ place: place.replace(/^.*yaml:/, ''), ...rest }));
    expect(seen).toEqual([
      { place: '1:7', path: 'mode', expected: 'expected one of "paper"|"live"', found: '"fast"' },
      { place: '3:20', path: 'executor.maxGasUsdPerDay', expected: 'expected number to be >0', found: '-1' },
      { place: '4:12', path: 'executor.enabled', expected: 'expected boolean', found: '"maybe"' },
    ]);
    expect(error.message).toContain('3 problems');
  });

  test('an unknown key inside a section asks what was meant, and its value is not shown', () => {
    const error = refusal(() => load('executor:\n  maxGasUsdPerDya: hush\n'));
    expect(error.problems[0]).toMatchObject({
      path: 'executor.maxGasUsdPerDya',
      expected: 'unknown key; did you mean maxGasUsdPerDay?',
    });
    expect(error.problems[0]?.place).toMatch(/yaml:2:20$/);
    expect(error.message).not.toContain('hush');
  });

  test('sections of other services are passed over, other top-level keys are not', () => {
    expect(() => load('decision: {anything: 1}\nmarketData: {x: [1]}\n')).not.toThrow();
    expect(refusal(() => load('decisoin: {}\n')).problems[0]?.expected).toContain('did you mean decision?');
    expect(refusal(() => load('decision: {}\n', { knownSections: [] })).problems).toHaveLength(1);
  });

  test('text wanted and a number found: quotes are the way out', () => {
    expect(refusal(() => load('executor: {keyFile: 12}')).message).toContain('put it in quotes');
  });

  test('a wrong address keeps its own words', () => {
    expect(refusal(() => load(pools('0x88'))).problems[0]).toMatchObject({
      path: 'chains.local.pools.usdc-weth.address',
      expected: 'expected 0x and 40 hex digits',
      found: '"0x88"',
    });
  });

  test('secrets and keys in URLs are not shown', () => {
    const hidden = refusal(() =>
      load(
        'executor: {key: [hush-hush]}\nchains: {local: {rpcUrl: "htt ps://rpc.example/v2/hush-hush"}}\nnats: nats://u:hush-hush@h:1/hush-hush\n',
      ),
    );
    expect(hidden.problems).toHaveLength(3);
    expect(hidden.message).not.toContain('hush-hush');
    expect(hidden.message).toContain('nats://h:1');
  });

  test('a required value that nobody gave is named', () => {
    const strict = z.strictObject({ executor: z.strictObject({ wallet: address }) });
    const error = refusal(() => loadConfig({ schema: strict, files: [], env: {} }));
    expect(error.problems).toEqual([
      { place: 'configuration', path: 'executor.wallet', expected: 'expected string', found: 'nothing' },
    ]);
  });

  test('plain objects refuse unknown keys as strict ones do', () => {
    const loose = z.object({ executor: z.object({ gas: z.number().default(1) }) });
    expect(() => loadConfig({ schema: loose, files: [file('executor: {gaz: 1}')], env: {} })).toThrow(
      'did you mean gas',
    );
  });
});

describe('what is shown', () => {
  test('every value with its origin; secrets hidden, URLs cut to scheme and host', () => {
    const yaml = 'executor: {key: hush-hush}\nchains: {local: {rpcUrl: "https://rpc.example/v2/hush-hush"}}\n';
    const loaded = load(yaml, { env: { NATS_URL: 'nats://user:hush-hush@host:4222' } });
    const shown = describeConfig(loaded, schema);
    expect(JSON.stringify(shown)).not.toContain('hush-hush');
    const row = (path: string) => shown.find((each) => each.path === path);
    expect(row('executor.key')).toMatchObject({ value: '(hidden)' });
    expect(row('chains.local.rpcUrl')?.value).toBe('https://rpc.example/…');
    expect(row('nats.url')).toEqual({ path: 'nats.url', value: 'nats://host:4222/…', origin: 'env NATS_URL' });
    expect(row('executor.maxGasUsdPerDay')).toEqual({
      path: 'executor.maxGasUsdPerDay',
      value: '25',
      origin: 'default',
    });
    expect(loaded.secrets).toEqual(
      expect.arrayContaining(['hush-hush', 'https://rpc.example/v2/hush-hush', 'nats://user:hush-hush@host:4222']),
    );
  });
});
