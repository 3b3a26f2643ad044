import { expect, test } from 'vitest';
import { chooseWay } from './choose-servers.mjs';

const both = ['nats-server', 'redis-server'];
let asked = 0;
function machine(programs: string[], options: { platform?: string; isRoot?: boolean; docker?: boolean } = {}) {
  const { platform = 'linux', isRoot = false, docker = false } = options;
  asked = 0;
  const dockerAnswers = () => {
    asked += 1;
    return docker;
  };
  return { platform, isRoot, has: (program: string) => programs.includes(program), dockerAnswers };
}

test('nobody is asked when nothing is missing', () => {
  expect(chooseWay([], machine(['docker'], { docker: true }))).toEqual({ kind: 'nothing' });
  expect(asked).toBe(0);
});

test('root on Debian gets packages, also where Docker is; nobody else does', () => {
  const programs = ['apt-get', 'docker'];
  expect(chooseWay(both, machine(programs, { isRoot: true, docker: true })).kind).toBe('debian');
  expect(asked).toBe(0);
  expect(chooseWay(both, machine(programs, { docker: true })).kind).toBe('docker');
  expect(chooseWay(both, machine(programs, { isRoot: true, platform: 'darwin', docker: true })).kind).toBe('docker');
  expect(chooseWay(both, machine(['docker'], { isRoot: true, docker: true })).kind).toBe('docker');
});

test('a Docker that is there and does not answer is none', () => {
  expect(chooseWay(both, machine(['docker'], { docker: false })).kind).toBe('none');
  expect(chooseWay(both, machine([], { docker: true })).kind).toBe('none');
});

test.each([
  [
    both,
    machine(['apt-get']),
    'nats-server and redis-server are needed: install them (sudo apt-get install nats-server redis-server) or start Docker, then try again',
  ],
  [
    ['redis-server'],
    machine([], { platform: 'darwin' }),
    'redis-server is needed: install it (brew install redis) or start Docker, then try again',
  ],
  [
    ['nats-server'],
    machine(['dnf']),
    'nats-server is needed: install it (from your distribution, or nats.io and redis.io) or start Docker, then try again',
  ],
])('without a way: %s', (missing, on, sentence) => {
  expect(chooseWay(missing, on)).toEqual({ kind: 'none', sentence });
});
