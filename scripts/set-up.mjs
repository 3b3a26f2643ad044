// What a machine with Node 20 and npm lacks: dependencies, Node 24, nats-server, redis-server. Plain JavaScript for Node 20.
import { spawnSync } from 'node:child_process';
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
import { chooseWay, SERVERS } from './choose-servers.mjs';

const PNPM = 'pnpm@12.21.0';
/** The clone's root. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Everything made here at run time; ignored by git. */
export const own = join(root, '.rangeward');
const bin = join(own, 'bin');

/** Ends the process with one sentence that says what to do. */
export function fail(problem) {
  process.stderr.write(`rangeward: ${problem}\n`);
  process.exit(1);
}

/**
 * Brings what is missing and puts it on this process's PATH; what is there already costs a few milliseconds. Returns the
 * path of a Node 24. Ends the process with one sentence when something is missing that it may not or cannot bring.
 * `servers`: whether nats-server and redis-server are needed too. `say`: told what takes long.
 */
export function setUp({ servers, say }) {
  makeFolder();
  // Debian keeps nats-server in /usr/sbin, which is not on an ordinary user's PATH.
  process.env.PATH = [process.env.PATH, bin, '/usr/sbin', '/usr/local/sbin'].filter(Boolean).join(delimiter);
  // Whoever lacks a server should not first wait for half a minute of dependencies.
  if (servers) checkWayTo(missingServers());
  if (!dependenciesInstalled()) {
    alone(say, () => {
      if (!dependenciesInstalled()) installDependencies(say);
    });
  }
  if (servers && missingServers().length > 0) alone(say, () => bringServers(missingServers(), say));
  const node = findNode();
  process.env.PATH = [dirname(node), join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  return node;
}

function makeFolder() {
  try {
    mkdirSync(bin, { recursive: true });
    accessSync(root, constants.W_OK);
  } catch (error) {
    fail(`${root} must be writable for the one who starts it (${error.code}); clone it to a folder of your own`);
  }
}

/** Two starts at once must not install into one another; the second waits for the first. */
function alone(say, work) {
  const lock = join(own, 'setting-up');
  let told = false;
  while (!take(lock)) {
    if (!told) say('setting up: another start is at it, waiting for it to finish');
    told = true;
    pauseMs(200);
  }
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  try {
    const holder = Number(readFileSync(lock, 'utf8'));
    // Between its making and its writing the file is empty.
    if (holder > 0) process.kill(holder, 0);
  } catch (error) {
    // Whoever held it was killed in the middle.
    if (error.code === 'ESRCH') rmSync(lock, { force: true });
  }
  return false;
}

function pauseMs(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const stamp = join(root, 'node_modules', '.rangeward-installed');

function dependenciesInstalled() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint();
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...workspaceManifests()])
    hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
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

function installDependencies(say) {
  say('setting up: dependencies and Node 24 (about half a minute the first time)');
  run(
    'npx',
    ['--yes', PNPM, 'install', '--frozen-lockfile', '--reporter=append-only'],
    'the dependencies could not be installed',
  );
  writeFileSync(stamp, fingerprint());
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

function missingServers() {
  return Object.keys(SERVERS).filter((name) => !onPath(name));
}

const dockerAnswers = () => spawnSync('docker', ['info'], { stdio: 'ignore' }).status === 0;

function wayTo(missing) {
  const { platform } = process;
  return chooseWay(missing, { platform, isRoot: process.getuid?.() === 0, has: onPath, dockerAnswers });
}

function checkWayTo(missing) {
  const way = wayTo(missing);
  if (way.kind === 'none') fail(way.sentence);
}

function bringServers(missing, say) {
  if (wayTo(missing).kind === 'debian') {
    const problem = installFromDebian(missing, say);
    if (problem !== null && !(onPath('docker') && dockerAnswers())) fail(problem);
  }
  for (const name of missing.filter((one) => !onPath(one))) takeFromDocker(name, say);
}

/** Null when all are there; otherwise what went wrong, in a sentence. */
function installFromDebian(names, say) {
  const packages = names.map((name) => SERVERS[name].debian);
  say(`setting up: ${packages.join(' and ')} from Debian's packages`);
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  // The package would start a server of its own on the default port; we only want the program.
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    // A machine that has just been started is often at its own upgrades: wait for those.
    const options = ['-o', 'DPkg::Lock::Timeout=300', '-qq'];
    const apt = (...args) =>
      spawnSync('apt-get', [...options, ...args], {
        stdio: ['ignore', 'ignore', 'pipe'],
        encoding: 'utf8',
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      });
    const install = ['install', '-y', '--no-install-recommends', ...packages];
    if (apt(...install).status !== 0) {
      const update = apt('update');
      if (update.status !== 0) return `Debian's package lists could not be fetched: ${lastLine(update.stderr)}`;
      const again = apt(...install);
      if (again.status !== 0) return `${packages.join(' and ')} could not be installed: ${lastLine(again.stderr)}`;
    }
    if (existsSync('/run/systemd/system')) spawnSync('systemctl', ['disable', ...names], { stdio: 'ignore' });
    return null;
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
}

const lastLine = (text) => text.trim().split('\n').at(-1);

/** A program that answers `docker run`: same arguments, same files, the host's network. */
function takeFromDocker(name, say) {
  const { image } = SERVERS[name];
  say(`setting up: ${name} by Docker (${image})`);
  if (spawnSync('docker', ['image', 'inspect', image], { stdio: 'ignore' }).status !== 0)
    run('docker', ['pull', '--quiet', image], `${image} could not be pulled`);
  // A client that is killed leaves its container running: the watch beside it ends that.
  const script = `#!/bin/sh
container=rangeward-${name}-$$
(
  trap '' INT TERM HUP
  while kill -0 $$; do sleep 1; done
  docker kill "$container"
) <&- >/dev/null 2>&1 &
exec docker run --rm --name "$container" --network host --user "$(id -u):$(id -g)" \\
  -v /tmp:/tmp -v '${root}:${root}' -w "$PWD" --entrypoint ${name} ${image} "$@"
`;
  writeFileSync(join(bin, name), script, { mode: 0o755 });
}

/** Its output is only worth reading when it fails. */
function run(file, args, problem) {
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status === 0) return;
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`);
  fail(`${problem} (${file} ${args.join(' ')}${error ? `: ${error.message}` : ''})`);
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
