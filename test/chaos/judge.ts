import { positionManagerAbi, tokenAbi } from '@rangeward/adapter-evm/abis';
import { type StepName, stepNumbers } from '@rangeward/executor/step-facts';
import { swapRouterAbi } from '@rangeward/localnet/contract-abis';
import { valueUsdE6 } from '@rangeward/uniswap-v3/price';
import { decodeFunctionData, type Hex, size, sliceHex } from 'viem';
import type { ChaosFacts, PlanFacts, WalletTransaction } from './chaos-facts.ts';

/** What must never be, and was. `id` is that of the invariants in the README. */
export type Violation = { readonly id: string; readonly text: string };

/**
 * Holds what is on chain, in the books and on the bus against the invariants. Shares nothing with the executor but the numbers of the
 * steps and the shape of its record: it decodes the chain for itself, so that a bug there cannot excuse itself here.
 */
export function judge(facts: ChaosFacts): Violation[] {
  const found: Violation[] = [];
  const wrong = (id: string, text: string) => void found.push({ id, text });
  for (const plan of facts.plans) {
    judgeEffects(plan, facts, wrong);
    judgeEnd(plan, wrong);
    judgeTale(plan, facts, wrong);
  }
  judgeRegistry(facts, wrong);
  judgeNonces(facts, wrong);
  judgeBooks(facts, wrong);
  for (const transaction of facts.transactions) judgeTransaction(transaction, facts, wrong);
  judgeRest(facts, wrong);
  return found;
}

type Wrong = (id: string, text: string) => void;

const short = (id: string) => id.slice(0, 8);

/** I1: each effect of a plan at most once, and the mint exactly once when the plan says it is done. */
function judgeEffects({ plan, trade }: PlanFacts, { transactions }: ChaosFacts, wrong: Wrong): void {
  const done = (step: StepName) =>
    transactions.filter(
      ({ marker, succeeded }) => succeeded && marker?.planId === plan.planId && marker.step === stepNumbers[step],
    ).length;
  for (const step of ['withdraw', 'swap', 'mint', 'collect'] as const) {
    if (done(step) > 1) wrong('I1', `plan ${short(plan.planId)}: ${done(step)} times ${step} on chain`);
  }
  const must = trade?.outcome === 'confirmed' && plan.kind === 'rebalance' ? 1 : undefined;
  if (must !== undefined && done('mint') !== must)
    wrong('I1', `plan ${short(plan.planId)} is confirmed with ${done('mint')} mints on chain`);
}

/** I3: each plan ends once, in a trade or as a dead letter. */
function judgeEnd({ plan, tradeMessages, deadLetters, record }: PlanFacts, wrong: Wrong): void {
  const name = `plan ${short(plan.planId)}`;
  if (tradeMessages > 1) wrong('I3', `${name}: ${tradeMessages} trades`);
  if (tradeMessages === 0 && deadLetters === 0) wrong('I3', `${name} ended nowhere`);
  if (record !== null && record.status !== 'done') wrong('I3', `${name}: its record is ${record.status} after its end`);
}

/** The trade tells what the chain shows, and the registry names the NFT that came of it. */
function judgeTale({ plan, trade, record }: PlanFacts, facts: ChaosFacts, wrong: Wrong): void {
  if (trade === null) return;
  const name = `plan ${short(plan.planId)}`;
  for (const told of trade.transactions) {
    const real = facts.transactions.find(({ hash }) => hash === told.hash);
    if (real === undefined) wrong('tale', `${name} tells of ${told.step} ${told.hash}, which is not on chain`);
    else if ((told.status === 'success') !== real.succeeded)
      wrong('tale', `${name} says ${told.step} is ${told.status}, the chain says otherwise`);
  }
  const hashes = new Set(record?.steps.flatMap((step) => step.attempts.map(({ hash }) => hash)));
  const own = facts.transactions.filter(({ hash }) => hashes.has(hash));
  const told = new Set(trade.transactions.map(({ hash }) => hash));
  for (const { hash, succeeded } of own) {
    if (succeeded && !told.has(hash)) wrong('tale', `${name} does not tell of ${hash}`);
  }
  const minted = own.flatMap((one) => one.minted).at(-1);
  if (minted !== undefined && trade.tokenIdAfter !== minted) {
    wrong('tale', `${name} says NFT ${trade.tokenIdAfter}, the chain minted ${minted}`);
  }
}

/** The registry names for each position the NFT that was minted last for it, or the one it was. */
function judgeRegistry({ plans, transactions }: ChaosFacts, wrong: Wrong): void {
  for (const { plan, registered } of plans) {
    const twins = plans.filter((other) => other.plan.position.id === plan.position.id);
    const ids = twins.map((twin) => twin.plan.planId);
    const minted = transactions.filter(({ marker }) => marker !== null && ids.includes(marker.planId));
    const live = minted.flatMap((one) => one.minted).at(-1) ?? twins[0]?.plan.position.tokenId;
    if (registered !== live)
      wrong('tale', `the registry names NFT ${registered} for ${plan.position.id}, the chain ${live}`);
  }
}

/** I2: a nonce for each step that was meant, no nonce without one, no transaction that is not in a record. */
function judgeNonces(facts: ChaosFacts, wrong: Wrong): void {
  const steps = facts.plans.flatMap(({ record }) => record?.steps ?? []);
  const used = facts.nonceAfter - facts.nonceBefore;
  if (used !== steps.length) wrong('I2', `${used} nonces used for ${steps.length} recorded steps`);
  const nonces = new Set(steps.map(({ nonce }) => nonce));
  if (nonces.size !== steps.length) wrong('I2', 'two recorded steps have one nonce');
  const meant = new Set(steps.flatMap((step) => step.attempts.map(({ hash }) => hash)));
  for (const { hash, nonce } of facts.transactions) {
    if (!meant.has(hash)) wrong('I2', `transaction ${hash} with nonce ${nonce} is in no record`);
  }
}

/** I4: nothing stays reserved, and what is booked is what the chain took. */
function judgeBooks(facts: ChaosFacts, wrong: Wrong): void {
  const { gasBefore, gasAfter, plans, transactions } = facts;
  if (facts.unsettled === 0 && gasAfter.reserved !== 0)
    wrong('I4', `${gasAfter.reserved} micro-dollars are still reserved at rest`);
  const booked = gasAfter.used - gasBefore.used;
  const told = plans.reduce((sum, { trade }) => sum + (trade?.gasUsdE6 ?? 0), 0);
  if (booked !== told) wrong('I4', `${booked} micro-dollars booked, ${told} told`);
  const toldWei = plans.reduce((sum, { trade }) => sum + (trade?.gasWei ?? 0n), 0n);
  const paidWei = transactions.reduce((sum, { feeWei }) => sum + feeWei, 0n);
  if (toldWei !== paidWei) wrong('I4', `the chain took ${paidWei} wei of gas, the trades tell of ${toldWei}`);
}

/** I5, I7, I8 and what a process says of itself. */
function judgeRest(facts: ChaosFacts, wrong: Wrong): void {
  const lost = facts.worth.before - facts.worth.after;
  const most = facts.plans.reduce((sum, each) => sum + mostLost(each), 0n);
  if (lost > most) wrong('I5', `${lost} micro-dollars lost, at most ${most} may be`);
  for (const { service, hop, code } of facts.errors) {
    if (hop > 1 || String(service) === 'alerts') wrong('I7', `error ${code} of ${service} with hop ${hop}`);
  }
  if (facts.allowances.some((amount) => amount > 0n)) wrong('I8', `allowances stand: ${facts.allowances.join(', ')}`);
  if (facts.openPlan !== null) wrong('I3', `the books say plan ${short(facts.openPlan)} is in hand`);
  if (facts.unsettled > 0) wrong('I9', `${facts.unsettled} messages are not settled`);
  for (const line of facts.broken) wrong('broken', line.slice(0, 400));
}

/** The slippage that the plan allows on all it moves, and the pool's fee on what it swapped. */
function mostLost({ plan, trade }: PlanFacts): bigint {
  const slippage = (BigInt(plan.market.position.valueUsdE6) * BigInt(plan.limits.maxSlippageBps)) / 10_000n;
  const swap = trade?.swap ?? null;
  if (swap === null) return slippage;
  const paid = swap.zeroForOne ? { amount0: swap.amountIn, amount1: 0n } : { amount0: 0n, amount1: swap.amountIn };
  const worth = valueUsdE6({ ...paid, sqrtPriceX96: plan.market.pool.sqrtPriceX96, stable: 0 });
  return slippage + (worth * BigInt(plan.market.pool.feePips)) / 1_000_000n + 1n;
}

const markerBytes = 33;

/** I6: what leaves the signer is one of the few calls that a plan needs, to us, with limits. */
function judgeTransaction(transaction: WalletTransaction, facts: ChaosFacts, wrong: Wrong): void {
  const { to, input, hash, valueWei, nonce } = transaction;
  const bad = (what: string) => wrong('I6', `nonce ${nonce} (${short(hash)}): ${what}`);
  if (valueWei !== 0n) bad(`carries ${valueWei} wei`);
  const isToken = to !== null && facts.tokens.includes(to);
  if (to === facts.wallet) {
    // A cancellation: nothing, to ourselves.
    if (input !== '0x') bad('calls the wallet itself');
  } else if (isToken) judgeApproval(input, facts, bad);
  else if (to === facts.positionManager || to === facts.swapRouter) judgePlanCall(transaction, facts, bad);
  else bad(`goes to ${to}`);
}

/** A call of the position manager or the router: it says of which plan it is, and is held against that plan. */
function judgePlanCall(transaction: WalletTransaction, facts: ChaosFacts, bad: (what: string) => void): void {
  const { marker, input, to } = transaction;
  const plan = facts.plans.find((one) => one.plan.planId === marker?.planId);
  if (plan === undefined) {
    bad('has no marker of a plan');
    return;
  }
  const body = sliceHex(input, 0, size(input) - markerBytes);
  if (to === facts.swapRouter) {
    judgeSwap(body, plan, transaction, facts, bad);
    return;
  }
  const { functionName, args } = decodeFunctionData({ abi: positionManagerAbi, data: body });
  const inner = functionName === 'multicall' ? (args[0] as readonly Hex[]) : [body];
  for (const data of inner) judgePositionCall(data, plan, transaction, facts, bad);
}

function judgeApproval(input: Hex, facts: ChaosFacts, bad: (what: string) => void): void {
  const { functionName, args } = decodeFunctionData({ abi: tokenAbi, data: input });
  if (functionName !== 'approve') {
    bad(`calls ${functionName} of a token`);
    return;
  }
  const [spender, amount] = args as readonly [string, bigint];
  if (![facts.positionManager, facts.swapRouter].includes(spender.toLowerCase() as Hex)) bad(`approves ${spender}`);
  if (amount >= 2n ** 128n) bad('approves without bound');
}

function judgeSwap(
  body: Hex,
  { plan }: PlanFacts,
  at: WalletTransaction,
  facts: ChaosFacts,
  bad: (what: string) => void,
): void {
  const { args } = decodeFunctionData({ abi: swapRouterAbi, data: body });
  const { recipient, deadline, amountIn, amountOutMinimum, tokenIn } = args[0];
  if (recipient.toLowerCase() !== facts.wallet) bad(`swaps for ${recipient}`);
  judgeDeadline(deadline, at, facts, bad);
  const { sqrtPriceX96 } = plan.market.pool;
  const zeroForOne = tokenIn.toLowerCase() === facts.tokens[0];
  const value = (amount: bigint, index: boolean) =>
    valueUsdE6({ amount0: index ? amount : 0n, amount1: index ? 0n : amount, sqrtPriceX96, stable: 0 });
  // Fee, slippage and a wei of rounding off the plan's own price.
  const keptPpm = 1_000_000n - BigInt(plan.market.pool.feePips) - BigInt(plan.limits.maxSlippageBps) * 100n;
  const least = (value(amountIn, zeroForOne) * keptPpm) / 1_000_000n - 2n;
  if (value(amountOutMinimum, !zeroForOne) < least) bad(`swaps for at least ${amountOutMinimum}, too little`);
}

function judgePositionCall(
  data: Hex,
  { plan }: PlanFacts,
  at: WalletTransaction,
  facts: ChaosFacts,
  bad: (what: string) => void,
): void {
  const call = decodeFunctionData({ abi: positionManagerAbi, data });
  switch (call.functionName) {
    case 'collect':
      if (call.args[0].recipient.toLowerCase() !== facts.wallet) bad(`collects for ${call.args[0].recipient}`);
      if (call.args[0].tokenId !== plan.position.tokenId) bad(`collects from NFT ${call.args[0].tokenId}`);
      return;
    case 'decreaseLiquidity': {
      const { amount0Min, amount1Min, deadline, tokenId } = call.args[0];
      if (tokenId !== plan.position.tokenId) bad(`withdraws from NFT ${tokenId}`);
      if (amount0Min + amount1Min === 0n) bad('withdraws without minimums');
      judgeDeadline(deadline, at, facts, bad);
      return;
    }
    case 'mint': {
      const { amount0Min, amount1Min, recipient, deadline } = call.args[0];
      if (recipient.toLowerCase() !== facts.wallet) bad(`mints for ${recipient}`);
      if (amount0Min + amount1Min === 0n) bad('mints without minimums');
      judgeDeadline(deadline, at, facts, bad);
      return;
    }
    default:
      bad(`calls ${call.functionName}`);
  }
}

function judgeDeadline(
  deadlineS: bigint,
  { blockTimeS, succeeded }: WalletTransaction,
  facts: ChaosFacts,
  bad: (what: string) => void,
): void {
  if (succeeded && deadlineS > blockTimeS + BigInt(facts.longestDeadlineS)) bad(`stays valid until ${deadlineS}`);
}
