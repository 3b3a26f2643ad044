/** What a trigger remembers: whether it may fire, and when it fired last by the chain's clock (Unix seconds). */
export type TriggerMemory = { readonly armed: boolean; readonly firedAtS: number | null };

export type TriggerStep = { readonly fire: boolean; readonly memory: TriggerMemory };

/**
 * Fires when volatility over the recent window is at least `thresholdRatio` times the normal one, then not again until
 * the cool-down is over and the ratio was below the threshold meanwhile. Without enough trades (null) nothing changes.
 */
export function stepVolatility(
  memory: TriggerMemory | null,
  seen: { readonly ratio: number | null; readonly nowS: number },
  settings: { readonly thresholdRatio: number; readonly cooldownS: number },
): TriggerStep {
  const known = memory ?? { armed: true, firedAtS: null };
  if (seen.ratio === null) return { fire: false, memory: known };
  if (seen.ratio < settings.thresholdRatio) return { fire: false, memory: { ...known, armed: true } };
  return fireWhenReady(known, seen.nowS, settings.cooldownS);
}

/**
 * Fires when gas fell to or under the threshold. It must have been seen above before (cheap gas at the first look is
 * no fall), and above the threshold by `rearmPercent` to fire again after the cool-down.
 */
export function stepGas(
  memory: TriggerMemory | null,
  seen: { readonly gasPriceWei: bigint; readonly nowS: number },
  settings: { readonly thresholdWei: bigint; readonly rearmPercent: number; readonly cooldownS: number },
): TriggerStep {
  const { gasPriceWei, nowS } = seen;
  const isCheap = gasPriceWei <= settings.thresholdWei;
  if (memory === null) return { fire: false, memory: { armed: !isCheap, firedAtS: null } };
  if (isCheap) return fireWhenReady(memory, nowS, settings.cooldownS);
  const isClearlyAbove = gasPriceWei * 100n > settings.thresholdWei * BigInt(100 + settings.rearmPercent);
  return { fire: false, memory: isClearlyAbove ? { ...memory, armed: true } : memory };
}

function fireWhenReady(memory: TriggerMemory, nowS: number, cooldownS: number): TriggerStep {
  const isCool = memory.firedAtS === null || nowS - memory.firedAtS >= cooldownS;
  if (!memory.armed || !isCool) return { fire: false, memory };
  return { fire: true, memory: { armed: false, firedAtS: nowS } };
}
