import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { type Abi, encodeDeployData, type Hex, stringToHex } from 'viem';
import { addresses } from './addresses.ts';

interface Artifact {
  readonly abi: Abi;
  readonly bytecode: Hex;
  readonly linkReferences?: Record<string, Record<string, readonly { start: number; length: number }[]>>;
}

const require = createRequire(import.meta.url);
const periphery = '@uniswap/v3-periphery/artifacts/contracts';

/** One contract of the local chain: who creates it with which nonce, and so at which address it appears. */
interface Creation {
  readonly name: string;
  readonly deployer: Hex;
  readonly nonce: number;
  readonly address: Hex;
  /** Creation code with constructor arguments. */
  readonly data: Hex;
}

/**
 * Every contract of the local chain in order of creation. The code is the published one, untouched: @uniswap/v3-core
 * and v3-periphery, canonical-weth, Multicall3 as checked in; only USDC is our own mock.
 */
export function creations(): Creation[] {
  return [
    {
      name: 'WETH9',
      deployer: '0x4F26FfBe5F04ED43630fdC30A87638d53D0b0876',
      nonce: 446,
      address: addresses.weth,
      data: code('canonical-weth/build/contracts/WETH9.json'),
    },
    {
      name: 'USDC (mock)',
      deployer: '0x95Ba4cF87D6723ad9C0Db21737D862bE80e93911',
      nonce: 20,
      address: addresses.usdc,
      data: tokenCreationCode('USD Coin', 'USDC', 6),
    },
    {
      name: 'Multicall3',
      deployer: '0x05f32B3cC3888453ff71B01135B34FF8e41263F2',
      nonce: 0,
      address: addresses.multicall3,
      data: code('../artifacts/multicall3.json'),
    },
    ...uniswapCreations(),
  ];
}

/** Uniswap's own, by its mainnet deployer; the gaps between the nonces are contracts nothing here needs. */
function uniswapCreations(): Creation[] {
  const { factory, weth, positionDescriptor } = addresses;
  const core = '@uniswap/v3-core/artifacts/contracts';
  const label = stringToHex('ETH', { size: 32 });
  const descriptor = 'NonfungibleTokenPositionDescriptor';
  const manager = 'NonfungiblePositionManager';
  const rows: readonly (readonly [nonce: number, address: Hex, path: string, args: readonly Hex[]])[] = [
    [0, factory, `${core}/UniswapV3Factory.sol/UniswapV3Factory.json`, []],
    [2, addresses.tickLens, `${periphery}/lens/TickLens.sol/TickLens.json`, []],
    [4, addresses.swapRouter, `${periphery}/SwapRouter.sol/SwapRouter.json`, [factory, weth]],
    [5, addresses.nftDescriptor, `${periphery}/libraries/NFTDescriptor.sol/NFTDescriptor.json`, []],
    [7, positionDescriptor, `${periphery}/${descriptor}.sol/${descriptor}.json`, [weth, label]],
    [8, addresses.positionManager, `${periphery}/${manager}.sol/${manager}.json`, [factory, weth, positionDescriptor]],
    [13, addresses.quoterV2, `${periphery}/lens/QuoterV2.sol/QuoterV2.json`, [factory, weth]],
  ];
  return rows.map(([nonce, address, path, args]) => ({
    name: basename(path, '.json'),
    deployer: '0x6C9FC64A53c1b71FB3f9Af64d1ae3A4931A5f4E9',
    nonce,
    address,
    data: code(path, args),
  }));
}

/** Creation code of the mock token. */
export function tokenCreationCode(name: string, symbol: string, decimals: number): Hex {
  return code('../artifacts/mock-token.json', [name, symbol, decimals]);
}

/** Creation code of a V3 pool; its hash goes into every pool's CREATE2 address. */
export function poolCreationCode(): Hex {
  return code('@uniswap/v3-core/artifacts/contracts/UniswapV3Pool.sol/UniswapV3Pool.json');
}

function code(path: string, args: readonly unknown[] = []): Hex {
  // The packages publish compiler output in this well-known form; it carries no types.
  const artifact = require(path) as Artifact;
  return encodeDeployData({ abi: artifact.abi, bytecode: linked(artifact), args });
}

/** Puts the one library any of these contracts uses (NFTDescriptor) into the places the compiler left open. */
function linked(artifact: Artifact): Hex {
  const library = addresses.nftDescriptor.slice(2).toLowerCase();
  const places = Object.values(artifact.linkReferences ?? {}).flatMap((file) => Object.values(file).flat());
  let bytecode: string = artifact.bytecode;
  for (const { start, length } of places) {
    const from = 2 + start * 2;
    bytecode = bytecode.slice(0, from) + library + bytecode.slice(from + length * 2);
  }
  return `0x${bytecode.slice(2)}`;
}
