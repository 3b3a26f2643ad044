/** What a bench has opened, closed in reverse whatever happens. */
export type Opened = {
  add<Part extends { stop(): Promise<void> }>(part: Part | Promise<Part>): Promise<Part>;
  /** Closes by a function of its own. */
  onClose(close: () => Promise<unknown>): void;
};

export async function withOpened<T>(work: (opened: Opened) => Promise<T>): Promise<T> {
  const closing: (() => Promise<unknown>)[] = [];
  const opened: Opened = {
    async add(part) {
      const ready = await part;
      closing.push(() => ready.stop());
      return ready;
    },
    onClose: (close) => closing.push(close),
  };
  try {
    return await work(opened);
  } finally {
    for (let close = closing.pop(); close !== undefined; close = closing.pop()) await close();
  }
}
