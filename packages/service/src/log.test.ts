import { expect, test } from 'vitest';
import { createLogger } from './log.ts';
import { formatLogLine } from './log-line.ts';

function capture(options: Partial<Parameters<typeof createLogger>[0]> = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  return { lines, log: createLogger({ service: 'signal', destination, ...options }) };
}

test('a line is JSON with time, level by name, service and what it is about', () => {
  const { lines, log } = capture();
  log.child({ run: 'r1', event: 'market-observed' }).info({ tick: 7 }, 'observed');
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    level: 'info',
    service: 'signal',
    run: 'r1',
    event: 'market-observed',
    tick: 7,
    msg: 'observed',
  });
});

test('what lies under the level is not written', () => {
  const { lines, log } = capture({ level: 'warn' });
  log.info('quiet');
  log.warn('loud');
  expect(lines).toHaveLength(1);
});

test('secrets are gone from messages, fields, errors and their causes', () => {
  const { lines, log } = capture({ secrets: ['hunter2hunter2'] });
  const cause = new Error('GET https://rpc.example/v2/fakeAlchemyKey0123456789abcdefgh failed');
  log.error({ err: new Error('hunter2hunter2', { cause }), key: ['hunter2hunter2'] }, 'it was hunter2hunter2');
  const line = JSON.parse(lines[0] ?? '');
  expect(lines[0]).not.toMatch(/hunter2|fakeAlchemyKey/);
  expect(line).toMatchObject({
    msg: 'it was [hidden]',
    err: { cause: { message: 'GET https://rpc.example/[hidden] failed' } },
  });
});

test('for people: one line, what it is about behind the message, the stack below', () => {
  const { lines, log } = capture({ readable: true, color: false, secrets: ['hunter2hunter2'] });
  log.warn({ run: 'r1', reason: 'two words' }, 'late hunter2hunter2');
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} warn {2}signal late \[hidden\] run=r1 reason="two words"\n$/);
  log.error({ err: new Error('broken') }, 'failed');
  expect(lines[1]).toContain('err=\nError: broken\n    at ');
});

test('a line that is no JSON is passed on as it is', () => {
  expect(formatLogLine('plain words\n', true)).toBe('plain words');
  expect(formatLogLine('7', true)).toBe('7');
});

test('a level has its colour when colours are wanted', () => {
  expect(formatLogLine('{"level":"error","msg":"m"}', true)).toContain('\x1b[31merror\x1b[0m m');
});
