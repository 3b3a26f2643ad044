/** How amounts are shown to people. Rounded to nearest: nothing here goes back into a calculation. */

/** Micro-dollars as `$1,234.56`; small ones keep four decimals. */
export function usd(amountE6: number): string {
  const dollars = Math.abs(amountE6) / 1e6;
  const digits = dollars !== 0 && dollars < 1 ? 4 : 2;
  const text = dollars.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${amountE6 < 0 ? '-' : ''}$${text}`;
}

/** A change in micro-dollars with its sign. */
export function signedUsd(amountE6: number): string {
  return amountE6 < 0 ? usd(amountE6) : `+${usd(amountE6)}`;
}

/** A price in micro-dollars per WETH as `3,012.34`. */
export function price(priceE6: number): string {
  return (priceE6 / 1e6).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

export function percent(ratio: number, digits = 1): string {
  return `${(ratio * 100).toFixed(digits)} %`;
}

/** A raw token amount with its decimals and name, `12.3456 WETH`. */
export function tokens(amount: bigint, token: { decimals: number; symbol: string }): string {
  const whole = Number(amount) / 10 ** token.decimals;
  const digits = whole >= 1000 ? 2 : 4;
  return `${whole.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${token.symbol}`;
}

export function integer(value: number | bigint): string {
  return value.toLocaleString('en-US');
}

/** Seconds with one decimal, or minutes and seconds. */
export function duration(ms: number): string {
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** The beginning of an id (twelve digits) or hash (eight): enough to recognise, and every command takes it. */
export function short(id: string): string {
  return id.startsWith('0x') ? id.slice(0, 10) : id.slice(0, 12);
}
