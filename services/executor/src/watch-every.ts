/** Does something again and again, with a pause after each time, until stopped. What it throws is told and changes nothing. */
export function watchEvery(
  pauseMs: number,
  act: () => Promise<void>,
  onTrouble: (error: unknown) => void,
): { stop(): Promise<void> } {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let acting = Promise.resolve();
  const wait = () => {
    if (stopped) return;
    timer = setTimeout(() => {
      acting = act().catch(onTrouble).finally(wait);
    }, pauseMs);
  };
  wait();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await acting;
    },
  };
}
