import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';

const shell = fileURLToPath(new URL('./process.ts', import.meta.url));
const errors = fileURLToPath(new URL('./config-error.ts', import.meta.url));

let child: ChildProcess | undefined;
afterEach(() => child?.kill('SIGKILL'));

/** A real process whose wiring is `body`, with `life` and `say` at hand. */
function run(body: string) {
  const source = `
    import { runProcess, PreflightError } from ${JSON.stringify(shell)};
    import { ConfigError } from ${JSON.stringify(errors)};
    const say = (text) => process.stdout.write('SAY ' + text + '\\n');
    const part = (life, name, close = () => {}) =>
      life.open(name, () => say('open ' + name), async () => { await close(); say('close ' + name); }, { closeWithinMs: 200 });
    await runProcess('demo', async (life) => { ${body} });`;
  const started = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  const seen = { out: '', err: '' };
  started.stdout.on('data', (data: Buffer) => {
    seen.out += data;
  });
  started.stderr.on('data', (data: Buffer) => {
    seen.err += data;
  });
  return {
    said: (text: string) => expect.poll(() => seen.out, { timeout: 10_000, interval: 5 }).toContain(`SAY ${text}\n`),
    signal: (name: NodeJS.Signals) => started.kill(name),
    end: async () => {
      const [code] = await once(started, 'close');
      const steps = seen.out.split('\n').flatMap((line) => (line.startsWith('SAY ') ? [line.slice(4)] : []));
      const lines = seen.out.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
      return { code, steps, lines, err: seen.err };
    },
  };
}

test.each(['SIGTERM', 'SIGINT'] as const)('%s closes in reverse and exits with 0', async (signal) => {
  const demo = run(`await part(life, 'redis'); await part(life, 'nats'); say('up');`);
  await demo.said('up');
  demo.signal(signal);
  const { code, steps } = await demo.end();
  expect(steps).toEqual(['open redis', 'open nats', 'up', 'close nats', 'close redis']);
  expect(code).toBe(0);
});

test('a part that hangs while closing is named, and the exit code tells', async () => {
  const demo = run(`await part(life, 'redis'); await part(life, 'nats', () => new Promise(() => {})); say('up');`);
  await demo.said('up');
  demo.signal('SIGTERM');
  const { code, steps, lines } = await demo.end();
  expect(steps.at(-1)).toBe('close redis');
  expect(lines).toContainEqual(expect.objectContaining({ level: 'error', part: 'nats', msg: 'could not close' }));
  expect(code).toBe(1);
});

test('a second signal ends it at once', async () => {
  const demo = run(`await part(life, 'nats', () => { say('closing'); return new Promise(() => {}); }); say('up');`);
  await demo.said('up');
  demo.signal('SIGTERM');
  await demo.said('closing');
  demo.signal('SIGTERM');
  expect((await demo.end()).code).toBe(1);
});

test('asked to end while it starts: what is open is closed, exit 0', async () => {
  const demo = run(`await part(life, 'redis'); say('hanging'); await life.open('nats', () => new Promise(() => {}));`);
  await demo.said('hanging');
  demo.signal('SIGTERM');
  const { code, steps } = await demo.end();
  expect(steps).toEqual(['open redis', 'hanging', 'close redis']);
  expect(code).toBe(0);
});

test('a start that fails names the step, closes what was open, exits with 1', async () => {
  const demo = run(`await part(life, 'redis'); await life.open('nats', () => { throw new Error('refused'); });`);
  const { code, steps, lines } = await demo.end();
  expect(lines.at(-1)).toMatchObject({ level: 'fatal', err: { message: 'could not open nats: refused' } });
  expect(steps).toEqual(['open redis', 'close redis']);
  expect(code).toBe(1);
});

test.each([
  [
    "throw new ConfigError([{ place: 'a.yaml:1:2', path: 'mode', expected: 'expected paper', found: '1' }]);",
    'a.yaml:1:2',
  ],
  ["throw new PreflightError('chain id is 1, not 31337');", 'chain id is 1, not 31337'],
  [
    "await life.open('chain', () => { throw new PreflightError('wallet not acknowledged'); });",
    'wallet not acknowledged',
  ],
])('a refusal is said plainly and exits with 3: %s', async (body, message) => {
  const { code, err, lines } = await run(body).end();
  expect(err).toContain(message);
  expect(err).not.toContain('    at ');
  expect(lines).toEqual([]);
  expect(code).toBe(3);
});

test.each([
  ["setTimeout(() => { throw new Error('bug password=hunter2'); }, 1);", 'uncaughtException'],
  ["setTimeout(() => { Promise.reject(new Error('bug password=hunter2')); }, 1);", 'unhandledRejection'],
])('an error nobody caught is one fatal line, scrubbed, and exit 1: %s', async (body, event) => {
  const { code, lines, steps } = await run(`await part(life, 'redis'); ${body}`).end();
  expect(lines.at(-1)).toMatchObject({ level: 'fatal', event, err: { message: 'bug password=[hidden]' } });
  expect(steps).not.toContain('close redis');
  expect(code).toBe(1);
});

test('the wiring asks for the end because something failed: drained, exit 1', async () => {
  const demo = run(`await part(life, 'redis'); life.end(new Error('lease lost'));`);
  const { code, steps, lines } = await demo.end();
  expect(steps).toEqual(['open redis', 'close redis']);
  expect(lines).toContainEqual(
    expect.objectContaining({ level: 'error', err: expect.objectContaining({ message: 'lease lost' }) }),
  );
  expect(code).toBe(1);
});
