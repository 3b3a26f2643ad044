// The way in from a fresh machine: runs on Node 20 with nothing installed, brings what the rest needs, then hands over.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PNPM = 'pnpm@12.21.0';
const IMAGES = { 'nats-server': 'nats:2.12-alpine', 'redis-server': 'redis:8-alpine' };
const PACKAGES = { 'nats-server': 'nats-server', 'redis-server': 'redis-server' };

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const own = join(root, '.rangeward');
const bin = join(own, 'bin');
const [command = 'start', ...rest] = process.argv.slice(2);

process.chdir(root);
mkdirSync(bin, { recursive: true });
process.env.PATH = [process.env.PATH, bin, '/usr/sbin', '/usr/local/sbin'].join(delimiter);

const quiet = command === 'rangeward';
const say = (text) => {
  if (!quiet) process.stderr.write(`${text}\n`);
};

await main();

async function main() {
  installDependencies();
  const node = findNode();
  process.env.PATH = `${dirname(node)}${delimiter}${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`;
  // Twenty small files are compiled at every start; the cache takes a third off it.
  process.env.NODE_COMPILE_CACHE ??= join(own, 'compile-cache');
  if (command === 'rangeward') return handOver(node, ['apps/cli/src/main.ts', ...rest]);
  for (const server of Object.keys(PACKAGES)) ensureServer(server);
  if (command === 'start') return handOver(node, ['apps/cli/src/main.ts', 'start', ...rest]);
  if (command === 'test') return test(node);
  fail(`unknown command ${command}; one of start, test, rangeward`);
}

function installDependencies() {
  const manifests = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...workspaceManifests()];
  const hash = createHash('sha256');
  for (const file of manifests) hash.update(readFileSync(join(root, file)));
  const fingerprint = hash.digest('hex');
  const stamp = join(root, 'node_modules', '.rangeward-installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint) return;
  say('setting up: dependencies and Node 24 (about half a minute the first time)');
  run(
    'npx',
    ['--yes', PNPM, 'install', '--frozen-lockfile', '--reporter=append-only'],
    'the dependencies could not be installed',
  );
  writeFileSync(stamp, fingerprint);
}

function workspaceManifests() {
  const folders = ['services', 'packages', 'packages/adapters', 'apps'].flatMap((room) =>
    readdirSync(join(root, room), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${room}/${entry.name}`),
  );
  return [...folders, 'test', 'bench']
    .map((folder) => `${folder}/package.json`)
    .filter((file) => existsSync(join(root, file)));
}

/** Node 24 comes as an optional dependency for the platform; a machine that has it already needs none. */
function findNode() {
  const names = [`node-${process.platform}-${process.arch}`, `node-bin-${process.platform}-${process.arch}`];
  const found = names.map((name) => join(root, 'node_modules', name, 'bin', 'node')).find(existsSync);
  if (found) return found;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  return fail(
    `Node 24 is needed and no build of it came for ${process.platform} ${process.arch}; install Node 24 and try again`,
  );
}

function ensureServer(name) {
  if (onPath(name)) return;
  if (process.platform === 'linux' && process.getuid() === 0 && onPath('apt-get')) return installFromDebian(name);
  if (onPath('docker') && spawnSync('docker', ['info'], { stdio: 'ignore' }).status === 0) return takeFromDocker(name);
  const how =
    process.platform === 'darwin'
      ? `brew install ${name === 'redis-server' ? 'redis' : name}`
      : `apt-get install ${PACKAGES[name]}`;
  fail(`${name} is needed: install it (${how}), or start Docker, and try again`);
}

function installFromDebian(name) {
  say(`setting up: ${name} from Debian's packages`);
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  // The package would start a server of its own on the default port; we only want the program.
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const install = ['install', '-y', '-qq', '--no-install-recommends', PACKAGES[name]];
    if (spawnSync('apt-get', install, { stdio: 'ignore', env: environment }).status !== 0) {
      run('apt-get', ['update', '-qq'], "Debian's package lists could not be fetched", environment);
      run('apt-get', install, `${name} could not be installed from Debian's packages`, environment);
    }
    if (existsSync('/run/systemd/system')) spawnSync('systemctl', ['disable', name], { stdio: 'ignore' });
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
}

/** A program that answers `docker run`: same arguments, same files, the host's network. */
function takeFromDocker(name) {
  say(`setting up: ${name} by Docker (${IMAGES[name]})`);
  run('docker', ['pull', '--quiet', IMAGES[name]], `${IMAGES[name]} could not be pulled`, process.env, () =>
    hasImage(IMAGES[name]),
  );
  const script = `#!/bin/sh
exec docker run --rm --init --network host --user "$(id -u):$(id -g)" -v /tmp:/tmp -v '${root}:${root}' -w "$PWD" --entrypoint ${name} ${IMAGES[name]} "$@"
`;
  writeFileSync(join(bin, name), script, { mode: 0o755 });
}

function hasImage(image) {
  return spawnSync('docker', ['image', 'inspect', image], { stdio: 'ignore' }).status === 0;
}

async function test(node) {
  const steps = [
    ['lint', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']],
    ['types', ['node_modules/typescript/bin/tsc', '--noEmit']],
    ['unused code', ['node_modules/knip/bin/knip.js']],
    ['generated documents', ['scripts/generate-docs.ts', '--check']],
  ];
  const failed = steps.filter(([name, args]) => {
    say(`checking: ${name}`);
    return spawnSync(node, args, { stdio: 'inherit' }).status !== 0;
  });
  const report = join(own, 'test-results.json');
  rmSync(report, { force: true });
  say('testing');
  const args = ['run', '--coverage', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...rest];
  const status = await child(node, ['node_modules/vitest/vitest.mjs', ...args]);
  const results = existsSync(report)
    ? JSON.parse(readFileSync(report, 'utf8'))
    : { numPassedTests: 0, numFailedTests: 1 };
  for (const [name] of failed) say(`failed: ${name}`);
  const passed = results.numPassedTests + steps.length - failed.length;
  const lost = results.numFailedTests + failed.length + (status !== 0 && results.numFailedTests === 0 ? 1 : 0);
  process.stdout.write(`${passed} passed, ${lost} failed\n`);
  process.exitCode = lost === 0 ? 0 : 1;
}

async function handOver(node, args) {
  process.exitCode = await child(node, args);
}

/** Runs to its end; a signal to us is passed on, so that the child can leave tidily. */
function child(file, args) {
  return new Promise((resolve) => {
    const running = spawn(file, args, { stdio: 'inherit', env: process.env });
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => running.kill(signal));
    running.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
    running.on('error', (error) => fail(error.message));
  });
}

function run(file, args, problem, environment = process.env, otherwise = () => false) {
  const { status } = spawnSync(file, args, {
    stdio: quiet ? 'ignore' : ['ignore', 'inherit', 'inherit'],
    env: environment,
  });
  if (status !== 0 && !otherwise()) fail(`${problem} (${file} ${args.join(' ')})`);
}

function onPath(name) {
  return process.env.PATH.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function fail(problem) {
  process.stderr.write(`rangeward: ${problem}\n`);
  process.exit(1);
}
