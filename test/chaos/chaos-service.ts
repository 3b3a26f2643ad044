import type { NatsBus } from '@rangeward/adapter-nats/open-bus';
import { type BoundaryNotice, type ChaosNotice, type ChaosOrder, chaosTimes } from './chaos-protocol.ts';
import { plantBug } from './plant-bug.ts';

/**
 * The main of one service under chaos: the service as it is, hosted as in production, with three differences that only this file can make.
 * The broker's ack wait is short, a bug may be planted into the source as it is loaded, and the executor asks its parent at every boundary
 * between two effects whether it may go on. The product has no switch for any of it.
 *
 * argv: the service's name. Environment: RANGEWARD_CONFIG as always; CHAOS_BUG names the bug,
 * CHAOS_TIMES=production leaves the times as they are.
 */
const [, , name = ''] = process.argv;
if (process.env.CHAOS_BUG) plantBug(process.env.CHAOS_BUG);
process.once('disconnect', () => process.exit(1));

// Loaded only now: what is planted must be there before any module of the product is read.
const { consumers } = await import('@rangeward/contracts');
if (process.env.CHAOS_TIMES !== 'production') {
  for (const consumer of Object.values(consumers)) Object.assign(consumer, chaosTimes);
}
const { runService } = await import('@rangeward/host/run-service');

switch (name) {
  case 'executor': {
    const { hosted } = await import('@rangeward/executor/hosted');
    await runService({
      ...hosted,
      start: (given) => hosted.start({ ...given, bus: telling(given.bus), onBoundary: askParent() }),
    });
    break;
  }
  case 'alerts':
    await runService((await import('@rangeward/alerts/hosted')).hosted);
    break;
  case 'decision':
    await runService((await import('@rangeward/decision/hosted')).hosted);
    break;
  case 'market-data':
    await runService((await import('@rangeward/market-data/hosted')).hosted);
    break;
  case 'scheduler':
    await runService((await import('@rangeward/scheduler/hosted')).hosted);
    break;
  case 'signal':
    await runService((await import('@rangeward/signal/hosted')).hosted);
    break;
  default:
    throw new Error(`there is no service ${name}`);
}

/** Tells the parent where this process stands, and waits until it says go: that is where it can be killed or frozen. */
function askParent(): (place: string) => Promise<void> {
  const waiting = new Map<number, () => void>();
  let asked = 0;
  process.on('message', ({ go }: ChaosOrder) => {
    waiting.get(go)?.();
    waiting.delete(go);
  });
  return (place) =>
    new Promise<void>((resolve) => {
      const notice: BoundaryNotice = { boundary: ++asked, place };
      waiting.set(notice.boundary, resolve);
      process.send?.(notice);
    });
}

/** Tells the parent how many messages are in hand, whenever that changes. */
function telling(bus: NatsBus): NatsBus {
  let busy = 0;
  const tell = (change: number) => {
    busy += change;
    process.send?.({ busy } satisfies ChaosNotice);
  };
  const consume: NatsBus['consume'] = (consumer, handlers) =>
    bus.consume(
      consumer,
      handlers.map((handler) => {
        if (handler.kind !== 'event') return handler;
        const handle: typeof handler.handle = (event, context) => {
          tell(1);
          return handler.handle(event, context).finally(() => tell(-1));
        };
        return { ...handler, handle };
      }),
    );
  return Object.assign(Object.create(bus) as NatsBus, { consume });
}
