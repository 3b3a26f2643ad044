import type { Address } from 'viem';

/**
 * Where things are on the local chain, checksummed: the same addresses as on Ethereum mainnet, so that configuration,
 * decoders and allow-lists are the real ones. The chain id (31337) is what keeps the two apart.
 */
export const addresses = {
  weth: '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2',
  /** A mock with 6 decimals that anyone may mint. */
  usdc: '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48',
  multicall3: '0xcA11bde05977b3631167028862bE2a173976CA11',
  factory: '0x1F98431c8aD98523631AE4a59f267346ea31F984',
  tickLens: '0xbfd8137f7d1516D3ea5cA83523914859ec47F573',
  swapRouter: '0xE592427A0AEce92De3Edee1F18E0157C05861564',
  nftDescriptor: '0x42B24A95702b9986e82d421cC3568932790A48Ec',
  positionDescriptor: '0xEe6A57eC80ea46401049E92587E52f5Ec1c24785',
  positionManager: '0xC36442b4a4522E871399CD717aBDD847Ab11FE88',
  quoterV2: '0x61fFE014bA17989E743c5F6cB21bF9697530B21e',
  /** USDC/WETH 0.05 %: token0 is USDC, token1 is WETH. */
  usdcWethPool: '0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640',
} as const satisfies Record<string, Address>;

/** Chain id of every local chain. */
export const localChainId = 31_337;
