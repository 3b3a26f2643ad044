import { type Address, BaseError, type Hex, hexToBigInt } from 'viem';
import { estimateGas, call as ethCall } from 'viem/actions';
import { shortReason } from './send-raw.ts';
import type { WalletClient } from './wallet-client.ts';

/** A call as it will be sent: no value, ever. */
export type Call = { readonly to: Address; readonly data: Hex };

type Preflight =
  | { readonly kind: 'passes'; readonly gasLimit: bigint; readonly returned: Hex }
  /** The chain itself refuses the call now; nothing was sent. */
  | { readonly kind: 'reverts'; readonly reason: string };

/**
 * Tries a call against the latest block and estimates its gas, with 30 % on top, rounded up: the pool writes an oracle
 * observation in the first swap of a second, so a bare estimate runs out of gas when the next block is a later second.
 * Throws when the node does not answer (which says nothing of the call).
 */
export async function preflight(client: WalletClient, from: Address, call: Call): Promise<Preflight> {
  try {
    const [answer, gas] = await Promise.all([
      ethCall(client, { account: from, ...call }),
      estimateGas(client, { account: from, ...call }),
    ]);
    return { kind: 'passes', gasLimit: (gas * 13n + 9n) / 10n, returned: answer.data ?? '0x' };
  } catch (error) {
    const reason = revertReason(error);
    if (reason === null) throw error;
    return { kind: 'reverts', reason };
  }
}

/** The reason of a revert, or null when the error is not one (a lost connection, a node in trouble). */
function revertReason(error: unknown): string | null {
  if (!(error instanceof BaseError)) return null;
  const reverted = error.walk((cause) =>
    /revert/i.test(cause instanceof Error ? `${cause.name} ${cause.message}` : ''),
  );
  return reverted === null || isTransport(error) ? null : shortReason(error);
}

function isTransport(error: BaseError): boolean {
  const names = ['HttpRequestError', 'TimeoutError', 'WebSocketRequestError', 'SocketClosedError'];
  return error.walk((cause) => cause instanceof Error && names.includes(cause.name)) !== null;
}

export type SimulatedCall = {
  readonly status: 'success' | 'reverted';
  readonly gasUsed: bigint;
  readonly returned: Hex;
  readonly reason: string;
  readonly logs: readonly { readonly address: Address; readonly topics: readonly Hex[]; readonly data: Hex }[];
};

type SimulatedBlock = {
  readonly calls: readonly {
    readonly status: Hex;
    readonly gasUsed: Hex;
    readonly returnData: Hex;
    readonly error?: { readonly message: string };
    readonly logs: readonly { readonly address: Address; readonly topics: readonly Hex[]; readonly data: Hex }[];
  }[];
};

/**
 * Runs calls one after another on top of the latest block (eth_simulateV1), nothing being sent. Null when the node does
 * not know the method. Throws when it does not answer.
 */
export async function simulate(
  client: WalletClient,
  from: Address,
  calls: readonly Call[],
): Promise<readonly SimulatedCall[] | null> {
  const request = {
    blockStateCalls: [{ calls: calls.map((call) => ({ from, to: call.to, input: call.data })) }],
    validation: false,
    traceTransfers: false,
  };
  try {
    // The method is newer than viem's table of known ones.
    const blocks = (await client.request({
      method: 'eth_simulateV1',
      params: [request, 'latest'],
    } as never)) as readonly SimulatedBlock[];
    return (blocks[0]?.calls ?? []).map((call) => ({
      status: hexToBigInt(call.status) === 1n ? 'success' : 'reverted',
      gasUsed: hexToBigInt(call.gasUsed),
      returned: call.returnData,
      reason: call.error?.message ?? '',
      logs: call.logs.map((log) => ({ ...log, address: log.address.toLowerCase() as Address })),
    }));
  } catch (error) {
    if (isUnknownMethod(error)) return null;
    throw error;
  }
}

function isUnknownMethod(error: unknown): boolean {
  if (!(error instanceof BaseError)) return false;
  const text = `${error.shortMessage} ${error.details}`;
  return /method.*(not found|not supported|does not exist|not available|unsupported)|-32601/i.test(text);
}
