// The way in from a fresh machine: runs on Node 20 with nothing installed, brings what the rest needs, then hands over.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fail, own, root, setUp } from './set-up.mjs';

const [command = 'start', ...rest] = process.argv.slice(2);
const calledFrom = process.cwd();
const say = (text) => process.stderr.write(`${text}\n`);

const commands = {
  start: (node) => handOver(node, ['apps/cli/src/main.ts', 'start', ...rest]),
  // Whoever calls the command by its path means the files in the folder they are in.
  rangeward: (node) => handOver(node, [join(root, 'apps/cli/src/main.ts'), ...rest], calledFrom),
  test,
};

await main();

async function main() {
  process.chdir(root);
  const work = commands[command];
  if (!work) fail(`unknown command ${command}; one of ${Object.keys(commands).join(', ')}`);
  const node = setUp({ servers: command !== 'rangeward', say });
  // Twenty small files are compiled at every start; the cache takes a third off it.
  process.env.NODE_COMPILE_CACHE ??= join(own, 'compile-cache');
  await work(node);
}

async function handOver(node, args, cwd = root) {
  process.exitCode = await child(node, args, cwd);
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
    return spawnSync(node, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status !== 0;
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

/**
 * Runs to its end. It has a group of its own, and a signal to us is passed on, so that it hears of each once and can
 * leave tidily: Ctrl-C reaches npm and us, and npm passes it on to us as well. It is asked to end when we are killed
 * (on Linux) and when npm is.
 */
function child(file, args, cwd = root) {
  return new Promise((resolve) => {
    const [program, ...all] = [...endWithParent(), file, ...args];
    const running = spawn(program, all, { stdio: 'inherit', env: process.env, detached: true, cwd });
    let passedOnMs = Number.NEGATIVE_INFINITY;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => {
        if (performance.now() - passedOnMs < 500) return;
        passedOnMs = performance.now();
        running.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
      });
    }
    const watch = watchNpm(() => running.kill('SIGTERM'));
    running.on('exit', (code, signal) => {
      clearInterval(watch);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
    running.on('error', (error) => fail(error.message));
  });
}

/** On Linux the kernel can tell a child that its parent is gone, however that ended. */
function endWithParent() {
  const wish = ['setpriv', '--pdeathsig', 'TERM'];
  const [program, ...args] = [...wish, 'true'];
  return process.platform === 'linux' && spawnSync(program, args, { stdio: 'ignore' }).status === 0 ? wish : [];
}

/** An npm that was killed cannot say so; but then we have another parent. */
function watchNpm(gone) {
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  const npm = process.ppid;
  return setInterval(() => {
    if (process.ppid !== npm) gone();
  }, 1_000);
}
