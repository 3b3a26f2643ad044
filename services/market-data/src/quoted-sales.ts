import type { PositionReading } from '@rangeward/adapter-evm/read-position';
import type { Quote } from '@rangeward/adapter-evm/read-quotes';

type Held = Pick<PositionReading, 'amount0' | 'amount1' | 'fees0' | 'fees1'>;

/** The most that a move could have to sell of each token is all that is held; half of it is what most moves sell. */
export function quotedSales({ amount0, amount1, fees0, fees1 }: Held): Pick<Quote, 'zeroForOne' | 'amountIn'>[] {
  const [held0, held1] = [amount0 + fees0, amount1 + fees1];
  return [
    { zeroForOne: true, amountIn: held0 / 2n },
    { zeroForOne: true, amountIn: held0 },
    { zeroForOne: false, amountIn: held1 / 2n },
    { zeroForOne: false, amountIn: held1 },
  ];
}
