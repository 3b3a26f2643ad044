// Runs anvil on the prepared chain the first time and on its own blocks after that. A chain that began anew under
// services that remember the old one would only confuse them.
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, renameSync } from 'node:fs';

const state = '/data/chain.json';
/** anvil gives no memory back, about 100 KB a block: after so much growth it is started anew on its own state. */
const MOST_GROWTH_MB = 400;
const LOOK_EVERY_MS = 10_000;

if (!existsSync(state)) {
  copyFileSync('/opt/chain/chain.json', `${state}.new`);
  renameSync(`${state}.new`, state);
}
let ending = false;
let firstMb = 0;
let anvil = run();
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    ending = true;
    interrupt();
  });
}
setInterval(() => {
  const presentMb = memoryMb();
  if (firstMb === 0) firstMb = presentMb;
  if (presentMb - firstMb > MOST_GROWTH_MB) interrupt();
}, LOOK_EVERY_MS);

function run() {
  // The chain's clock goes on from its last block; anvil by itself would jump to the present.
  const timestampS = Number(JSON.parse(readFileSync(state, 'utf8')).block.timestamp) + 1;
  const place = ['--host', '0.0.0.0', '--chain-id', '31337', '--timestamp', String(timestampS), '--silent'];
  const storage = ['--state', state, '--cache-path', '/tmp'];
  // States of old blocks would fill the temporary folder; transactions are kept as long as anybody looks back, a day.
  const kept = ['--prune-history', '256', '--transaction-block-keeper', '7300'];
  return spawn('anvil', [...place, ...storage, ...kept], { stdio: 'inherit' }).on('exit', (code) => {
    if (ending || code !== 0) process.exit(code ?? 1);
    firstMb = 0;
    anvil = run();
  });
}

/** anvil writes its state when it is interrupted, and ends. */
function interrupt() {
  anvil.kill('SIGINT');
}

function memoryMb() {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${anvil.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}
