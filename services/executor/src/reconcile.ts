/**
 * What an executor finds when it holds what it knows (Redis), what was said (the broker) and what is so (the chain)
 * against one another, and what is done about each difference. Adopt: written down as the chain has it. Finish: carried
 * on or closed. Halt: nothing more is signed for it until a person has looked. Tell: left alone and said.
 */
export type Finding = {
  readonly rule: 'adopt' | 'finish' | 'halt' | 'tell';
  /** Stable name, kebab-case; alerts group by it. */
  readonly code: string;
  readonly message: string;
};

/** One wallet on one chain as it was found. Amounts in the tokens' smallest units. */
export type Observed = {
  readonly wallet: string;
  /** Redis knew this wallet when the look began. */
  readonly known: boolean;
  readonly nonce: {
    readonly latest: number;
    readonly pending: number;
    /** The next one by our own record; null when Redis has none. */
    readonly floor: number | null;
  };
  /** The plan that is begun and not finished by our record. */
  readonly openPlan: string | null;
  /** Plans nobody has said the end of. */
  readonly plans: readonly { readonly planId: string; readonly stepsOnChain: number }[];
  /** What the registry names as live. Null for owner and liquidity where there is no such NFT. */
  readonly registered: readonly {
    readonly id: string;
    readonly pool: string;
    readonly tokenId: bigint;
    readonly lineage: readonly bigint[];
    readonly owner: string | null;
    readonly liquidity: bigint | null;
    readonly rests: boolean;
    /** The history of its plans does not fit the registry. */
    readonly disagrees: boolean;
    readonly restored: boolean;
  }[];
  /** NFTs that the configuration names; on a first start the registry has not heard of them yet. */
  readonly configured: readonly bigint[];
  /** NFTs of the wallet that hold liquidity; the pool is null where it is none of the managed ones. */
  readonly nfts: readonly { readonly tokenId: bigint; readonly pool: string | null }[];
  readonly allowances: readonly { readonly token: string; readonly spender: string; readonly amount: bigint }[];
  /** What the wallet holds of a token, and what all positions together should have resting there. */
  readonly tokens: readonly { readonly token: string; readonly balance: bigint; readonly idle: bigint }[];
};

/** Every difference with what is done about it; none when all agree. */
export function reconcile(observed: Observed): Finding[] {
  return [
    ...aboutPlans(observed),
    ...aboutNonces(observed),
    ...aboutRegistered(observed),
    ...aboutNfts(observed),
    ...aboutTokens(observed),
  ];
}

function aboutPlans({ known, wallet, plans, openPlan }: Observed): Finding[] {
  const lost: Finding[] = known
    ? []
    : [finding('adopt', 'state-adopted', `Redis knew nothing of ${wallet}: its state was taken from broker and chain`)];
  const open = plans.flatMap(({ planId, stepsOnChain }): Finding[] => {
    if (stepsOnChain > 0) {
      return [finding('finish', 'plan-half-done', `plan ${planId} has ${stepsOnChain} steps on chain and no end yet`)];
    }
    if (planId === openPlan)
      return [finding('finish', 'plan-open', `plan ${planId} was begun; nothing of it is mined`)];
    return [];
  });
  return [...lost, ...open];
}

function aboutNonces({ wallet, nonce, openPlan }: Observed): Finding[] {
  const { latest, pending, floor } = nonce;
  const findings: Finding[] = [];
  if (floor !== null && latest < floor) {
    const message = `the node knows nonce ${latest} of ${wallet}, ${floor} is next by what is done: it lags`;
    findings.push(finding('tell', 'node-lags', message));
  }
  if (floor !== null && latest > floor && openPlan !== null) {
    const message = `${wallet} is at nonce ${latest}, plan ${openPlan} expects ${floor}: used elsewhere in the middle of a plan`;
    findings.push(finding('halt', 'foreign-nonce', message));
  }
  if (floor !== null && latest > floor && openPlan === null) {
    const message = `${wallet} is at nonce ${latest}, ${floor} was next after the last plan: used elsewhere since`;
    findings.push(finding('tell', 'used-elsewhere', message));
  }
  if (pending > latest && openPlan === null) {
    const message = `${pending - latest} transactions of ${wallet} are pending and belong to no plan`;
    findings.push(finding('halt', 'foreign-pending', message));
  }
  return findings;
}

function aboutRegistered({ wallet, registered }: Observed): Finding[] {
  return registered.flatMap((position): Finding[] => {
    const { id, tokenId, owner, liquidity } = position;
    const about = `position ${id}: NFT ${tokenId}`;
    if (position.disagrees) {
      return [finding('halt', 'registry-disagrees', `${about} is live by the registry, its plans tell another line`)];
    }
    if (owner === null) return [finding('halt', 'nft-gone', `${about} is live by the registry and does not exist`)];
    if (owner !== wallet) {
      return [finding('halt', 'nft-not-owned', `${about} is live by the registry, but it is owned by ${owner}`)];
    }
    const restored: Finding[] = position.restored
      ? [finding('adopt', 'position-restored', `${about} is live by what its plans say; the registry had lost that`)]
      : [];
    if (liquidity === 0n && !position.rests) {
      return [...restored, finding('tell', 'nft-empty', `${about} is live by the registry and holds no liquidity`)];
    }
    return restored;
  });
}

/** An NFT of a line comes into the registry by its plans' markers alone; any other is somebody's own business. */
function aboutNfts({ registered, configured, nfts, openPlan }: Observed): Finding[] {
  const lines = new Set([...configured, ...registered.flatMap(({ lineage }) => lineage)]);
  return nfts.flatMap(({ tokenId, pool }): Finding[] => {
    // The one that an open plan just minted is not in the registry yet.
    if (pool === null || lines.has(tokenId) || openPlan !== null) return [];
    const message = `NFT ${tokenId} of pool ${pool} is in the wallet and belongs to no managed position; it is not touched`;
    return [finding('tell', 'nft-unknown', message)];
  });
}

function aboutTokens({ wallet, allowances, tokens, openPlan }: Observed): Finding[] {
  const findings: Finding[] = [];
  for (const { token, spender, amount } of allowances) {
    // An open plan takes its own back.
    if (openPlan !== null) continue;
    findings.push(finding('tell', 'approval-stands', `${spender} may take ${amount} of ${token} from ${wallet}`));
  }
  for (const { token, balance, idle } of tokens) {
    if (balance >= idle || openPlan !== null) continue;
    const message = `${idle} of ${token} should rest in ${wallet} by what its plans left there, it holds ${balance}`;
    findings.push(finding('tell', 'idle-missing', message));
  }
  return findings;
}

function finding(rule: Finding['rule'], code: string, message: string): Finding {
  return { rule, code, message };
}
