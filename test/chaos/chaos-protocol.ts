/** What a service under chaos and the process that started it say to one another. */
export type BoundaryNotice = { readonly boundary: number; readonly place: string };
/** How many messages are in its hands. */
type BusyNotice = { readonly busy: number };
export type ChaosNotice = BoundaryNotice | BusyNotice;
export type ChaosOrder = { readonly go: number };

/** The times of every consumer: short, so that an hour of failures fits into a minute; many more tries for the same reason. */
export const chaosTimes = { ackWaitMs: 1_500, retryFirstMs: 200, retryMostMs: 1_000, maxAttempts: 400 } as const;

/** The wallet's lease under chaos; the shortest that the configuration allows. */
export const chaosLeaseMs = 1_000;
