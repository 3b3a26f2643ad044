/**
 * The ids the next span gets. OpenTelemetry asks its generator for ids without saying for which span, so a run's root
 * span names its own just while it is started, which is one turn and no await.
 */
type Ids = { readonly traceId: string; readonly spanId: string };

let forced: Ids | null = null;

export function forcedIds(): Ids | null {
  return forced;
}

/** Calls `start` with these ids in force, if they are ids that OpenTelemetry knows. */
export function withForcedIds<T>(ids: Ids, start: () => T): T {
  const valid = /^(?!0{32})[0-9a-f]{32}$/.test(ids.traceId) && /^(?!0{16})[0-9a-f]{16}$/.test(ids.spanId);
  forced = valid ? ids : null;
  try {
    return start();
  } finally {
    forced = null;
  }
}
