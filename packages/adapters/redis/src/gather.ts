/** Does for many what is asked for one by one: an answer for each, in their order. */
type DoAll<Asked, Answer> = (asked: readonly Asked[]) => Promise<readonly Answer[]>;

type Waiting<Asked, Answer> = {
  readonly asked: Asked;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
};

/** Gathers what is asked within one turn of the event loop. A failure is everybody's who was gathered with it. */
export function gatherTurns<Asked, Answer>(doAll: DoAll<Asked, Answer>): (asked: Asked) => Promise<Answer> {
  return gather(doAll, (flush) => process.nextTick(flush));
}

/** Gathers from the first that is asked for so many milliseconds, or until so many are asked for. */
export function gatherFor<Asked, Answer>(
  doAll: DoAll<Asked, Answer>,
  { forMs, atMost }: { readonly forMs: number; readonly atMost: number },
): (asked: Asked) => Promise<Answer> {
  return gather(doAll, (flush) => void setTimeout(flush, forMs), atMost);
}

function gather<Asked, Answer>(
  doAll: DoAll<Asked, Answer>,
  later: (flush: () => void) => void,
  atMost = Number.POSITIVE_INFINITY,
): (asked: Asked) => Promise<Answer> {
  let waiting: Waiting<Asked, Answer>[] = [];
  return (asked) =>
    new Promise((resolve, reject) => {
      waiting.push({ asked, resolve, reject });
      const these = waiting;
      const flush = () => {
        // Full before its time came: it is on its way already.
        if (waiting !== these) return;
        waiting = [];
        void settle(these, doAll);
      };
      if (these.length === 1) later(flush);
      if (these.length >= atMost) flush();
    });
}

async function settle<Asked, Answer>(
  these: readonly Waiting<Asked, Answer>[],
  doAll: DoAll<Asked, Answer>,
): Promise<void> {
  try {
    const answers = await doAll(these.map(({ asked }) => asked));
    for (const [index, one] of these.entries()) one.resolve(answers[index] as Answer);
  } catch (error) {
    for (const one of these) one.reject(error);
  }
}
