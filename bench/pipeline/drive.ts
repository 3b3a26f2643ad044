import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { quantile } from '../statistics.ts';

/** Something that work is put into at one end and comes out of at the other; the same for ours and for raw ones. */
export type Line = {
  /** Begins the work of a slot. */
  begin(slot: number): void;
  /** Calls back with the slot whose work is at the milestone; one listener at a time. */
  onMilestone(listen: (slot: number, milestone: Milestone) => void): void;
};

/** `answered`: what the latency is measured to. `over`: all messages of the work are published. */
type Milestone = 'answered' | 'over';

/** One in flight, again and again: milliseconds from the beginning to the answer. */
export async function measureLatency(line: Line, samples: number, warm: number): Promise<number[]> {
  const timesMs: number[] = [];
  for (let count = 0; count < warm + samples; count += 1) {
    // The slots take turns, as positions do.
    const slot = count % 16;
    const { promise: over, resolve } = Promise.withResolvers<void>();
    let answeredMs = 0;
    line.onMilestone((of, milestone) => {
      if (of !== slot) return;
      if (milestone === 'answered') answeredMs = performance.now();
      else resolve();
    });
    const begunMs = performance.now();
    line.begin(slot);
    await within(over, 15_000, `one in flight, number ${count}`);
    if (count >= warm) timesMs.push(answeredMs - begunMs);
  }
  return timesMs;
}

export type Throughput = {
  /** Over per second, in the time that is measured. */
  readonly perSecond: number;
  /** Over in all, warming up and ending included. */
  readonly over: number;
};

/** So many in flight, a new one for each that is over. */
export async function measureThroughput(
  line: Line,
  { inFlight, warmMs, measureMs }: { inFlight: number; warmMs: number; measureMs: number },
): Promise<Throughput> {
  let over = 0;
  let running = inFlight;
  let ending = false;
  const { promise: drained, resolve } = Promise.withResolvers<void>();
  line.onMilestone((slot, milestone) => {
    if (milestone !== 'over') return;
    over += 1;
    if (!ending) return line.begin(slot);
    running -= 1;
    if (running === 0) resolve();
  });
  for (let slot = 0; slot < inFlight; slot += 1) line.begin(slot);
  await pause(warmMs);
  const [overBefore, beforeMs] = [over, performance.now()];
  await pause(measureMs);
  const perSecond = ((over - overBefore) * 1000) / (performance.now() - beforeMs);
  ending = true;
  await within(drained, 60_000, `${inFlight} in flight: ${perSecond.toFixed(0)} a second, but some are never over`);
  return { perSecond, over };
}

export function p50(timesMs: readonly number[]): number {
  return quantile(timesMs, 0.5);
}

/** A line over NATS: work begins with a published message; milestones are heard as their messages are published. */
export function natsLine(
  nc: NatsConnection,
  of: {
    readonly begin: (slot: number) => { readonly subject: string; readonly body: Uint8Array };
    readonly answered: string;
    readonly over: string;
    readonly slotOf: (body: Uint8Array) => number;
  },
): Line {
  const js = jetstream(nc);
  let listen: (slot: number, milestone: Milestone) => void = () => {};
  const hear = (subject: string, milestones: readonly Milestone[]) =>
    nc.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) throw error;
        const slot = of.slotOf(message.data);
        for (const milestone of milestones) listen(slot, milestone);
      },
    });
  if (of.answered === of.over) hear(of.over, ['answered', 'over']);
  else {
    hear(of.answered, ['answered']);
    hear(of.over, ['over']);
  }
  return {
    begin(slot) {
      const { subject, body } = of.begin(slot);
      void js.publish(subject, body);
    },
    onMilestone(next) {
      listen = next;
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

async function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came out within ${ms} ms: ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
