import type { TradeExecuted } from '@rangeward/contracts';
import { type MatrixOptions, type MatrixWorld, openMatrixWorld } from './crash-matrix.ts';
import type { Violation } from './judge.ts';
import { lookAt, pushPrice } from './managed-position.ts';
import { type Random, randomFrom } from './random.ts';
import { runSideBySide } from './run-side-by-side.ts';
import { notAfterAFlush } from './seed-run.ts';
import type { SupervisedService } from './supervised-service.ts';

export type LongResult = {
  readonly number: number;
  readonly what: string;
  readonly outcome: string;
  readonly violations: readonly Violation[];
  readonly tookMs: number | null;
};

type Strike = {
  /** What happens in this one, for its line. */
  readonly what: string;
  atBoundary(service: SupervisedService, place: string): Promise<void>;
  whenOver?(): Promise<void>;
  /** Milliseconds that this one measures, if any. */
  measured?(endedMs: number): number | null;
  /** What counts as wrong, where that is not every violation. */
  judge?(violations: readonly Violation[], trade: TradeExecuted | null): readonly Violation[];
};

/** So many rebalances, each struck by something, in some worlds side by side. What went wrong closes its world. */
async function runLong(
  options: MatrixOptions & {
    readonly count: number;
    readonly worlds: number;
    readonly worldEach?: boolean;
    readonly onResult: (result: LongResult) => void;
  },
  strike: (matrix: MatrixWorld, random: Random) => Strike,
): Promise<LongResult[]> {
  const worlds = new Map<number, MatrixWorld>();
  const numbers = Array.from({ length: options.count }, (_, index) => index + 1);
  try {
    return await runSideBySide(numbers, options.worlds, async (number, worker) => {
      const matrix = worlds.get(worker) ?? (await openMatrixWorld(options));
      worlds.set(worker, matrix);
      const act = strike(matrix, randomFrom(number));
      const { violations, trade, endedMs } = await matrix.run(
        'rebalance',
        (service, place) => act.atBoundary(service, place),
        async () => act.whenOver?.(),
      );
      const wrong = act.judge?.(violations, trade) ?? violations;
      if (options.worldEach || violations.length > 0) {
        await matrix.close();
        worlds.delete(worker);
      }
      const result = {
        number,
        what: act.what,
        outcome: trade?.outcome ?? 'nothing',
        violations: wrong,
        tookMs: act.measured?.(endedMs) ?? null,
      };
      options.onResult(result);
      return result;
    });
  } finally {
    await Promise.all([...worlds.values()].map((world) => world.close()));
  }
}

type LongOptions = { readonly count: number; readonly worlds: number; readonly onResult: (result: LongResult) => void };

const steps = [
  'withdraw',
  'approve-manager-token0',
  'approve-manager-token1',
  'approve-router',
  'swap',
  'mint',
  'reset-router',
];

/** Reorganisations less deep than the confirmations, anywhere in a plan: all comes to a good end. */
export function runReorgs(options: LongOptions): Promise<LongResult[]> {
  return runLong({ ...options, confirmations: 4 }, (matrix, random) => {
    const place = `${random.pick(steps)}:${random.pick(['sent', 'mined', 'done'])}`;
    const depth = random.between(1, 3);
    return {
      what: `reorganisation of ${depth} at ${place}`,
      atBoundary: once(place, () => matrix.world.blocks.reorganise(depth)),
    };
  });
}

/** Deeper than the confirmations, after a later step was sent: the plan halts and nothing more is sent. */
export function runDeepReorgs(options: LongOptions): Promise<LongResult[]> {
  return runLong({ ...options, confirmations: 2, worldEach: true }, (matrix, random) => {
    const depth = random.between(14, 20);
    let nonce = 0;
    return {
      what: `reorganisation of ${depth} after the swap`,
      atBoundary: once('mint:stored', async () => {
        await matrix.world.blocks.reorganise(depth);
        nonce = (await lookAt(matrix.world, 1n)).nonce;
      }),
      judge: (violations, trade) => {
        const halted =
          trade === null && violations.some(({ id, text }) => id === 'I3' && text.includes('ended nowhere'));
        return halted ? [] : [{ id: 'halt', text: `the plan went on from nonce ${nonce}: ${trade?.outcome}` }];
      },
    };
  });
}

/** A push before our transaction and one back behind it: what is lost lies within the bound, or the transaction reverts. */
export function runSandwiches(options: LongOptions): Promise<LongResult[]> {
  return runLong(options, (matrix, random) => {
    const step = random.pick(['withdraw', 'swap', 'mint']);
    const ticks = random.between(10, 300) * (random.chance(0.5) ? 1 : -1);
    let before = 0;
    let pushed = false;
    const pushBack = async () => {
      if (pushed) await pushPrice(matrix.world, before, 1);
      pushed = false;
    };
    const push = once(`${step}:stored`, async () => {
      before = (await lookAt(matrix.world, 1n)).pool.tick;
      await pushPrice(matrix.world, before + ticks, 1);
      pushed = true;
    });
    return {
      what: `${ticks} ticks around the ${step}`,
      atBoundary: async (service, place) => {
        await push(service, place);
        if (place === `${step}:mined`) await pushBack();
      },
      whenOver: pushBack,
    };
  });
}

/** Redis loses everything at a boundary. Its budgets go with it, so what is booked is not judged; what was done on chain is. */
export function runFlushes(options: LongOptions): Promise<LongResult[]> {
  return runLong(options, (matrix, random) => {
    const place = random.pick([
      'received',
      'opened',
      ...steps.flatMap((step) => ['signed', 'stored', 'sent', 'mined', 'done'].map((at) => `${step}:${at}`)),
      'settled',
      'finished',
      'published',
    ]);
    return {
      what: `flush at ${place}`,
      atBoundary: once(place, async () => void (await matrix.world.redis.flushall())),
      judge: (violations) => violations.filter(({ id }) => !notAfterAFlush.includes(id)),
    };
  });
}

/** A kill, with the times of production: how long until the trade is said. */
export function runRecoveries(options: LongOptions): Promise<LongResult[]> {
  return runLong({ ...options, productionTimes: true }, (_matrix, random) => {
    const place = `${random.pick(steps)}:${random.pick(['signed', 'stored', 'sent', 'mined', 'done'])}`;
    let killedMs: number | null = null;
    return {
      what: `kill at ${place}`,
      atBoundary: async (service, here) => {
        if (here !== place || killedMs !== null) return;
        killedMs = performance.now();
        service.kill();
        return new Promise(() => {});
      },
      measured: (endedMs) => (killedMs === null ? null : endedMs - killedMs),
    };
  });
}

function once(place: string, act: () => Promise<void>): Strike['atBoundary'] {
  let done = false;
  return async (_service, here) => {
    if (here !== place || done) return;
    done = true;
    await act();
  };
}
