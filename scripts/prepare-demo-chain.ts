import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareDemoChain } from '../apps/demo/src/prepare-chain.ts';

// Writes chain.json, which anvil loads, into the folder that is named: what the demo's chain image holds.
const [folder = '.rangeward/demo-chain'] = process.argv.slice(2);
const cacheDir = await mkdtemp(join(tmpdir(), 'rangeward-demo-chain-'));
try {
  const { stateFile, facts } = await prepareDemoChain(cacheDir);
  await mkdir(folder, { recursive: true });
  await copyFile(stateFile, join(folder, 'chain.json'));
  console.log(`${folder}/chain.json: block ${facts.blockNumber}, ${new Date(facts.timestampS * 1000).toISOString()}`);
} finally {
  await rm(cacheDir, { recursive: true, force: true });
}
