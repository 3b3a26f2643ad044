import type { Plan, TradeExecuted } from '@rangeward/contracts';
import { valueUsdE6 } from '@rangeward/uniswap-v3/price';
import type { Evidence, PlanEvidence, SentTransaction, WalletEvidence } from './evidence.ts';

/** The numbers of steps in the marker behind calldata; they never change their meaning. */
const MINT_STEP = 5;
/** A plan may be in hand for so long after its last moment to begin, before its end is missed. */
const PATIENCE_MS = 900_000;

/** First bytes of the calls that a plan is made of. */
const selectors = {
  approve: '0x095ea7b3',
  multicall: '0xac9650d8',
  collect: '0xfc6f7865',
  mint: '0x88316456',
  decreaseLiquidity: '0x0c49ccbe',
  exactInputSingle: '0x414bf389',
  multicallUntil: '0x5ae401dc',
} as const;

const titles = {
  I1: 'one mint a plan',
  I2: 'one nonce a step',
  I3: 'one end a plan',
  I4: 'books within their limits and true',
  I5: 'no more lost than gas, fee and slippage',
  I6: 'only what the policy allows was signed',
  I7: 'no error makes another',
  I8: 'no approval stands',
} as const;
type InvariantId = keyof typeof titles;

export type InvariantVerdict = {
  readonly id: InvariantId;
  readonly title: string;
  /** What was wrong, a sentence each; empty when the invariant holds. */
  readonly violations: readonly string[];
};

/** Every invariant against what is known. Pure: the same evidence gives the same verdicts. */
export function checkInvariants(evidence: Evidence): InvariantVerdict[] {
  const found: Record<InvariantId, string[]> = { I1: [], I2: [], I3: [], I4: [], I5: [], I6: [], I7: [], I8: [] };
  for (const plan of evidence.plans) {
    const wallet = walletOf(plan, evidence.wallets);
    found.I1.push(...mintsOf(plan, wallet));
    found.I3.push(...endOf(plan, evidence.nowMs));
    found.I4.push(...booksOf(plan, wallet));
    found.I5.push(...lossOf(plan));
  }
  for (const wallet of evidence.wallets) {
    const own = evidence.plans.filter((plan) => walletOf(plan, [wallet]) !== undefined);
    found.I2.push(...noncesOf(wallet, own));
    found.I6.push(...policyOf(wallet, own));
    found.I8.push(...approvalsOf(wallet, own));
  }
  for (const { budget, scope, drawn, limit } of evidence.budgets) {
    if (drawn > limit) found.I4.push(`${drawn} drawn from ${budget} of ${scope}, at most ${limit} may be`);
  }
  const { saidByAlerts, mostHops } = evidence.errors;
  if (saidByAlerts > 0) found.I7.push(`alerts itself said ${saidByAlerts} error notifications`);
  if (mostHops > 1) found.I7.push(`an error notification came of ${mostHops} others`);
  // The keys are those of `titles`.
  return (Object.keys(titles) as InvariantId[]).map((id) => ({ id, title: titles[id], violations: found[id] }));
}

const named = ({ plan }: PlanEvidence) => `plan ${plan.planId.slice(0, 12)}`;

function walletOf({ plan }: PlanEvidence, wallets: readonly WalletEvidence[]): WalletEvidence | undefined {
  return wallets.find(({ chain, wallet }) => chain === plan.run.chain && wallet === plan.position.owner);
}

/** Only the wallet's own transactions count: anyone may write a marker. */
function ownOf(wallet: WalletEvidence | undefined): readonly SentTransaction[] {
  return wallet === undefined ? [] : wallet.transactions.filter(({ from }) => from === wallet.wallet);
}

function mintsOf(of: PlanEvidence, wallet: WalletEvidence | undefined): string[] {
  const mints = ownOf(wallet).filter(
    ({ succeeded, marker }) => succeeded && marker?.planId === of.plan.planId && marker.step === MINT_STEP,
  );
  const done = of.trades.some(({ outcome, tokenIdAfter, mode }) => {
    const moved = tokenIdAfter !== null && tokenIdAfter !== of.plan.position.tokenId;
    return mode === 'live' && outcome === 'confirmed' && moved;
  });
  if (mints.length > 1)
    return [`${named(of)} minted ${mints.length} times: ${mints.map(({ hash }) => hash).join(' ')}`];
  return done && mints.length === 0 ? [`${named(of)} is confirmed, and the chain shows no mint of it`] : [];
}

/** Each recorded step has a nonce of its own, and none was used beyond what is written down. */
function noncesOf(wallet: WalletEvidence, own: readonly PlanEvidence[]): string[] {
  const steps = own.flatMap(({ record }) => record?.steps ?? []);
  const twice = steps.filter(({ nonce }, index) => steps.findIndex((other) => other.nonce === nonce) !== index);
  const found = twice.map(({ nonce, name }) => `${wallet.wallet}: nonce ${nonce} belongs to two steps, one is ${name}`);
  const { nonce, floor } = wallet;
  const underWay = steps.some((step) => !step.settled);
  if (floor !== null && nonce > floor + (underWay ? 1 : 0)) {
    found.push(`${wallet.wallet} is at nonce ${nonce} on ${wallet.chain}, ${floor} is written down: used elsewhere`);
  }
  return found;
}

function endOf(of: PlanEvidence, nowMs: number): string[] {
  const { plan, trades, deadLetters, record, proposed } = of;
  if (trades.length > 1) return [`${named(of)} has ${trades.length} ends`];
  if (trades.length === 1 && record !== null && record.status === 'open') {
    return [`${named(of)} has its end, and its record is open`];
  }
  if (trades.length === 1 || deadLetters > 0 || record?.halted === true || proposed) return [];
  // What a person stopped in the middle waits for a person, and is seen in `status`.
  if (record !== null && record.status === 'open') return [];
  const missedMs = nowMs - Date.parse(plan.validUntil) - PATIENCE_MS;
  return missedMs > 0 ? [`${named(of)} was to begin until ${plan.validUntil} and has no end`] : [];
}

function booksOf(of: PlanEvidence, wallet: WalletEvidence | undefined): string[] {
  const [trade] = of.trades;
  if (trade === undefined || trade.mode === 'paper') return [];
  const found: string[] = [];
  if (of.gasHeldUsdE6 !== null && of.gasHeldUsdE6 > 0) {
    found.push(`${named(of)} is over, and ${of.gasHeldUsdE6} micro-dollars of gas are still reserved for it`);
  }
  if (of.gasSpentUsdE6 !== null && of.gasSpentUsdE6 !== trade.gasUsdE6) {
    found.push(`${named(of)} cost ${trade.gasUsdE6} micro-dollars of gas, ${of.gasSpentUsdE6} are booked`);
  }
  const told = new Set(trade.transactions.map(({ hash }) => hash));
  const paid = ownOf(wallet).filter(({ hash }) => told.has(hash));
  const paidWei = paid.reduce((sum, { feeWei }) => sum + feeWei, 0n);
  const allSeen = paid.length === trade.transactions.length;
  if (allSeen && paidWei !== trade.gasWei) {
    found.push(`${named(of)} tells of ${trade.gasWei} wei of gas, the chain took ${paidWei}`);
  }
  return found;
}

/** What went in came out, but for what the pool's fee and the slippage of the plan allow; at the plan's own price. */
function lossOf(of: PlanEvidence): string[] {
  const [trade] = of.trades;
  if (trade === undefined || trade.withdrawn === null || trade.mode === 'paper') return [];
  const { plan } = of;
  const lostUsdE6 = swapLossUsdE6(plan, trade);
  const bound = boundUsdE6(plan, trade);
  const found = conservationOf(of, trade);
  if (lostUsdE6 > bound)
    found.push(`${named(of)} lost ${lostUsdE6} micro-dollars in its swap, at most ${bound} may be`);
  return found;
}

function conservationOf(of: PlanEvidence, trade: TradeExecuted): string[] {
  const { withdrawn, fees, swap, minted, leftover } = trade;
  return ([0, 1] as const).flatMap((token) => {
    const amount = (pair: { amount0: bigint; amount1: bigint } | null) =>
      pair === null ? 0n : token === 0 ? pair.amount0 : pair.amount1;
    const paysIn = swap !== null && swap.zeroForOne === (token === 0);
    const swapped = swap === null ? 0n : paysIn ? -swap.amountIn : swap.amountOut;
    const before = amount(withdrawn) + amount(fees) + swapped;
    const after = amount(minted) + amount(leftover);
    return before === after ? [] : [`${named(of)}: ${before} of token${token} came out, ${after} are accounted for`];
  });
}

type Swap = NonNullable<TradeExecuted['swap']>;

/** In the dollar of the plan's own price, rounded down. */
function sideUsdE6(plan: Plan, { zeroForOne }: Swap, amount: bigint, side: 'in' | 'out'): bigint {
  const { sqrtPriceX96, stable } = plan.market.pool;
  const first = zeroForOne === (side === 'in');
  return valueUsdE6({ sqrtPriceX96, stable, amount0: first ? amount : 0n, amount1: first ? 0n : amount });
}

function swapLossUsdE6(plan: Plan, { swap }: TradeExecuted): bigint {
  if (swap === null) return 0n;
  return sideUsdE6(plan, swap, swap.amountIn, 'in') - sideUsdE6(plan, swap, swap.amountOut, 'out');
}

/** Rounded up. */
function boundUsdE6(plan: Plan, { swap }: TradeExecuted): bigint {
  if (swap === null) return 0n;
  const { feePips } = plan.market.pool;
  const sharePips = BigInt(feePips + plan.limits.maxSlippageBps * 100);
  return (sideUsdE6(plan, swap, swap.amountIn, 'in') * sharePips) / 1_000_000n + 2n;
}

/** Each transaction that a record names, as the chain has it, is one that a plan's step may be. */
function policyOf(wallet: WalletEvidence, own: readonly PlanEvidence[]): string[] {
  return own.flatMap(({ plan, record }) => {
    const hashes = new Set(record?.steps.flatMap((step) => step.hashes));
    const sent = ownOf(wallet).filter(({ hash }) => hashes.has(hash));
    return sent.flatMap((transaction) => {
      const wrong = faultOf(transaction, wallet, plan);
      return wrong === null ? [] : [`transaction ${transaction.hash} of plan ${plan.planId.slice(0, 12)} ${wrong}`];
    });
  });
}

function faultOf({ to, valueWei, input, marker }: SentTransaction, wallet: WalletEvidence, plan: Plan): string | null {
  if (valueWei !== 0n) return `moves ${valueWei} wei`;
  // A cancellation: it does nothing but use up its nonce.
  if (to === wallet.wallet) return input === '0x' ? null : 'is a call of the wallet itself';
  const { token0, token1 } = plan.market.pool;
  const selector = input.slice(0, 10);
  if (to === token0.address || to === token1.address) {
    return selector === selectors.approve ? null : `asks a token for ${selector}`;
  }
  const { positionManager, swapRouter } = wallet.allowed;
  if (to !== positionManager && to !== swapRouter) return `goes to ${to}`;
  if (marker?.planId !== plan.planId) return 'carries no marker of its plan';
  const { multicall, collect, mint, decreaseLiquidity, exactInputSingle, multicallUntil } = selectors;
  const may: readonly string[] =
    to === positionManager ? [multicall, collect, mint, decreaseLiquidity] : [exactInputSingle, multicallUntil];
  return may.includes(selector) ? null : `asks ${to} for ${selector}`;
}

/** Once a plan that approved something is over, and none is in hand, nobody may take anything of its tokens. */
function approvalsOf(wallet: WalletEvidence, own: readonly PlanEvidence[]): string[] {
  if (own.some(({ record }) => record?.status === 'open')) return [];
  const approved = own.filter(({ trades }) =>
    trades.some(({ transactions }) => transactions.some(({ step }) => step.startsWith('approve-'))),
  );
  const tokens = new Set(
    approved.flatMap(({ plan }) => [plan.market.pool.token0.address, plan.market.pool.token1.address]),
  );
  return wallet.allowances
    .filter(({ token, amount }) => tokens.has(token) && amount > 0n)
    .map(({ token, spender, amount }) => `${spender} may still take ${amount} of ${token} from ${wallet.wallet}`);
}
