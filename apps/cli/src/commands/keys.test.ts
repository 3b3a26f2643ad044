import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pinningProblems } from '@rangeward/adapter-nats/pinning-problems';
import { natsSettings } from '@rangeward/adapter-nats/settings';
import { openSigning } from '@rangeward/adapter-nats/signing';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createKeys } from './keys.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };
const folder = mkdtempSync(join(tmpdir(), 'rangeward-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('what it prints is the configuration that fits the keys it made, and no key is overwritten', async () => {
  let shown = '';
  const screen = {
    color: false,
    write(text: string) {
      shown += text;
    },
  };
  await createKeys({ folder, json: false }, screen);
  const [, yaml = ''] = /\n(nats:\n(?: .*\n)+)/.exec(shown) ?? [];
  const { nats } = parse(yaml) as { nats: unknown };
  const { signing } = natsSettings.parse(nats);
  expect(pinningProblems(signing)).toEqual([]);
  expect(pinningProblems({})).toHaveLength(2);
  for (const name of ['decision', 'operator']) {
    await expect(openSigning({ ...signing, keyFolder: folder }, name, silent)).resolves.toBeDefined();
    expect(statSync(join(folder, `${name}.key`)).mode & 0o777).toBe(0o400);
    expect(shown).not.toContain(readFileSync(join(folder, `${name}.key`), 'utf8').split('\n')[1]);
  }
  await expect(createKeys({ folder, name: 'operator', json: false }, screen)).rejects.toThrow(/is not overwritten/);
});

/** The demo would start and then refuse each of its own plans if these two did not belong together. */
test('the demo pins the public halves of the keys that compose mounts', async () => {
  const deploy = fileURLToPath(new URL('../../../../deploy', import.meta.url));
  const { nats } = parse(readFileSync(`${deploy}/config/demo.yaml`, 'utf8')) as { nats: unknown };
  const { signing } = natsSettings.parse(nats);
  expect(pinningProblems(signing)).toEqual([
    expect.stringContaining('trusted.decision holds the demo’s key'),
    expect.stringContaining('trusted.operator holds the demo’s key'),
  ]);
  for (const name of ['decision', 'operator']) {
    const opened = await openSigning({ ...signing, keyFolder: `${deploy}/demo-keys` }, name, silent);
    const message = { subject: 'lp.v1.control.pause', headers: {}, body: new Uint8Array() };
    expect(opened.sign(message)).toHaveProperty('Rangeward-Signature');
  }
});
