/** Does all items, so many at a time, in order of their beginning; answers in the order of the items. */
export async function runSideBySide<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  run: (item: Item, worker: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const work = async (worker: number) => {
    while (next < items.length) {
      const index = next++;
      results[index] = await run(items[index] as Item, worker);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, (_, worker) => work(worker)));
  return results;
}
