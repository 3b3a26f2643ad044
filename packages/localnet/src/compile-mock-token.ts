import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The checked-in form of a contract: what deploying it needs, and which compiler made it. */
interface CompiledToken {
  readonly compiler: string;
  readonly abi: unknown;
  readonly bytecode: string;
}

interface SolcOutput {
  readonly errors?: readonly { readonly formattedMessage: string }[];
  readonly contracts?: Record<string, { MockToken?: { abi: unknown; evm: { bytecode: { object: string } } } }>;
}

const require = createRequire(import.meta.url);

/**
 * Compiles contracts/mock-token.sol with the pinned solc (about 3 s). The result is checked in as
 * artifacts/mock-token.json, so that nobody needs the compiler to run a local chain; a test compares the two.
 */
export function compileMockToken(): CompiledToken {
  // solc ships no types: this is the part of its interface that is used here.
  const solc = require('solc') as { compile(input: string): string; version(): string };
  const source = readFileSync(new URL('../contracts/mock-token.sol', import.meta.url), 'utf8');
  const input = {
    language: 'Solidity',
    sources: { 'mock-token.sol': { content: source } },
    settings: {
      evmVersion: 'shanghai',
      optimizer: { enabled: true, runs: 200 },
      // Without the metadata hash the bytecode depends on the code alone, not on comments.
      metadata: { bytecodeHash: 'none', appendCBOR: false },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  };
  // The compiler's answer follows its documented JSON output format.
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as SolcOutput;
  const contract = output.contracts?.['mock-token.sol']?.MockToken;
  if (contract === undefined) {
    throw new Error(`mock-token.sol does not compile:\n${output.errors?.map((e) => e.formattedMessage).join('\n')}`);
  }
  return { compiler: solc.version(), abi: contract.abi, bytecode: `0x${contract.evm.bytecode.object}` };
}
