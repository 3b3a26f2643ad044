import { prepareChainState } from '../packages/localnet/src/chain-state.ts';

// Builds the prepared local chain into .rangeward/cache, or says where it already is. Whatever needs a chain builds it
// on demand as well; this is for looking at it, and for having it ready before the first start.
const start = performance.now();
const { stateFile, facts } = await prepareChainState();
const tookS = ((performance.now() - start) / 1000).toFixed(2);
console.log(`${stateFile}\nblock ${facts.blockNumber}, ${new Date(facts.timestampS * 1000).toISOString()}, ${tookS} s`);
