/** Addresses and habits of the chains we know, lower case; configuration may override any of them. */
export type KnownChain = {
  readonly chainId: number;
  /** Money on it is not real: live trading needs no acknowledgement. */
  readonly local: boolean;
  readonly factory: `0x${string}`;
  readonly positionManager: `0x${string}`;
  readonly quoter: `0x${string}`;
  readonly swapRouter: `0x${string}`;
  /** SwapRouter takes a deadline inside exactInputSingle, SwapRouter02 beside it in multicall. */
  readonly routerKind: 'swap-router' | 'swap-router-02';
  readonly wrappedNative: `0x${string}`;
  readonly blockTimeS: number;
  readonly gasThresholdGwei: number;
};

const mainnet = {
  factory: '0x1f98431c8ad98523631ae4a59f267346ea31f984',
  positionManager: '0xc36442b4a4522e871399cd717abdd847ab11fe88',
  quoter: '0x61ffe014ba17989e743c5f6cb21bf9697530b21e',
  wrappedNative: '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2',
  swapRouter: '0xe592427a0aece92de3edee1f18e0157c05861564',
  routerKind: 'swap-router',
  blockTimeS: 12,
  gasThresholdGwei: 20,
} as const;

export const knownChains = {
  ethereum: { chainId: 1, local: false, ...mainnet },
  base: {
    chainId: 8453,
    local: false,
    factory: '0x33128a8fc17869897dce68ed026d694621f6fdfd',
    positionManager: '0x03a520b32c04bf3beef7beb72e919cf822ed34f1',
    quoter: '0x3d4e44eb1374240ce5f1b871ab261cd16335b76a',
    swapRouter: '0x2626664c2603336e57b271c5c0b26f421741e481',
    routerKind: 'swap-router-02',
    wrappedNative: '0x4200000000000000000000000000000000000006',
    blockTimeS: 2,
    gasThresholdGwei: 0.05,
  },
  /** anvil with the real contracts at their mainnet addresses. */
  local: { chainId: 31337, local: true, ...mainnet },
} as const satisfies Record<string, KnownChain>;
