import { z } from 'zod';
import { describeIssues, parseJson, parseWith } from './envelope.ts';
import { type ManualRequest, manualRequest } from './events/triggers.ts';
import { ADDRESS, CHAIN_NAME } from './quantities.ts';
import { Rejection } from './rejection.ts';

/** How the sender wrapped the request. */
export type TriggerForm =
  | 'raw'
  | 'cloudevent-binary'
  | 'cloudevent-structured'
  | 'eventbridge'
  | 'records'
  | 'api-gateway';

export type UnwrappedTrigger =
  | {
      readonly kind: 'request';
      readonly form: TriggerForm;
      readonly chain: string;
      readonly pool: string;
      readonly request: ManualRequest;
      /** What tells this request from others wherever it is delivered, from a structured CloudEvent's source and id. */
      readonly requestId: string | null;
    }
  /** An error notification that strayed here. It is never work, and saying so must not cause another. */
  | { readonly kind: 'error-notification'; readonly form: TriggerForm };

const MAX_DEPTH = 4;

/**
 * Understands a manual trigger however it was wrapped: plain JSON (or nothing at all), a CloudEvent in binary or
 * structured mode, an EventBridge envelope, SNS/SQS records, an API gateway request. Chain and pool come from the
 * subject. After unwrapping it is strict: Rejection `bad-trigger` names the field that is unknown or wrong.
 */
export function unwrapTrigger(message: {
  subject: string;
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
}): UnwrappedTrigger {
  const { chain, pool } = placeOf(message.subject);
  const type = header(message.headers, 'ce-type');
  const json = message.body.length === 0 ? {} : parseJson(message.body);
  const found: Peeled = type === undefined ? peel(json, 'raw', 0) : { form: 'cloudevent-binary', data: json, type };
  if (isErrorNotification(found.type)) return { kind: 'error-notification', form: found.form };
  const request = readRequest(found.data, chain, pool);
  return { kind: 'request', form: found.form, chain, pool, request, requestId: found.requestId ?? null };
}

type Peeled = { form: TriggerForm; data: unknown; type?: string | undefined; requestId?: string };

function peel(json: unknown, form: TriggerForm, depth: number): Peeled {
  if (depth > MAX_DEPTH) throw new Rejection('bad-trigger', `the request is wrapped more than ${MAX_DEPTH} times`);
  if (!isRecord(json)) return { form, data: json };
  if (typeof json.specversion === 'string' && typeof json.type === 'string') {
    return { form: 'cloudevent-structured', data: dataOf(json), type: json.type, ...requestIdOf(json) };
  }
  if ('detail-type' in json && 'detail' in json) {
    return {
      form: 'eventbridge',
      data: json.detail,
      type: typeof json['detail-type'] === 'string' ? json['detail-type'] : undefined,
    };
  }
  if (Array.isArray(json.Records)) return peelRecord(json.Records, depth);
  if ('body' in json && ('httpMethod' in json || 'requestContext' in json)) {
    return peel(parseText(json.body, 'body'), 'api-gateway', depth + 1);
  }
  return { form, data: json };
}

/** Source and id together are one event, however often it is sent. */
function requestIdOf({ id, source }: Record<string, unknown>): { requestId?: string } {
  if (typeof id !== 'string' || id === '') return {};
  return { requestId: JSON.stringify([typeof source === 'string' ? source : '', id]) };
}

/** Data of a structured CloudEvent, which may also stand there in base64. What is asked for must never be passed over. */
function dataOf(json: Record<string, unknown>): unknown {
  const { data, data_base64: encoded } = json;
  if (encoded === undefined || encoded === null) return data ?? {};
  const readable = typeof encoded === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(encoded);
  if (!readable || (data !== undefined && data !== null)) {
    throw new Rejection('bad-trigger', 'data_base64: expected base64, and no data beside it', { field: 'data_base64' });
  }
  return parseText(Buffer.from(encoded, 'base64').toString(), 'data_base64');
}

/** One request a message: several records at once would be several runs under one id. */
function peelRecord(records: unknown[], depth: number): Peeled {
  if (records.length !== 1)
    throw new Rejection('bad-trigger', `Records: expected one record, found ${records.length}`, { field: 'Records' });
  const record = records[0];
  const sns = isRecord(record) && isRecord(record.Sns) ? record.Sns.Message : undefined;
  const text = sns ?? (isRecord(record) ? record.body : undefined);
  // A record of something else, such as a file that was stored, asks for nothing.
  if (text === undefined || text === null)
    throw new Rejection('bad-trigger', 'Records.0: has neither body nor Sns.Message', { field: 'Records.0.body' });
  const inner = peel(parseText(text, 'Records.0.body'), 'records', depth + 1);
  return { ...inner, form: 'records' };
}

function parseText(value: unknown, field: string): unknown {
  if (isRecord(value)) return value;
  if (value === null || value === undefined || value === '') return {};
  if (typeof value !== 'string') throw new Rejection('bad-trigger', `${field}: expected JSON text`, { field });
  try {
    return JSON.parse(value);
  } catch (cause) {
    throw new Rejection('bad-trigger', `${field}: is not JSON`, { field, cause });
  }
}

const placed = z.strictObject({ ...manualRequest.shape, chain: z.string().optional(), pool: z.string().optional() });

function readRequest(data: unknown, chain: string, pool: string): ManualRequest {
  const parsed = parseWith(placed, data ?? {}, (message) => new Rejection('bad-trigger', message));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : issue?.path.join('.');
    const known = Object.keys(manualRequest.shape).join(', ');
    throw new Rejection(
      'bad-trigger',
      `${describeIssues(parsed.error)}; a trigger may have: ${known}`,
      field ? { field } : {},
    );
  }
  const { chain: saidChain, pool: saidPool, ...request } = parsed.data;
  if (saidChain !== undefined && saidChain !== chain) throw misplaced('chain', saidChain, chain);
  if (saidPool !== undefined && saidPool.toLowerCase() !== pool) throw misplaced('pool', saidPool, pool);
  return request;
}

function misplaced(field: string, said: string, subject: string): Rejection {
  return new Rejection('bad-trigger', `${field}: the body says ${said}, the subject says ${subject}`, { field });
}

function placeOf(subject: string): { chain: string; pool: string } {
  const tokens = subject.split('.');
  const [chain, pool] = tokens.slice(4);
  if (
    tokens.length !== 6 ||
    chain === undefined ||
    pool === undefined ||
    !CHAIN_NAME.test(chain) ||
    !ADDRESS.test(pool.toLowerCase())
  ) {
    throw new Rejection('bad-subject', `${subject}: expected lp.v1.trigger.manual.<chain>.<pool address>`);
  }
  return { chain, pool: pool.toLowerCase() };
}

function isErrorNotification(type: string | undefined): boolean {
  return type !== undefined && /error-?notification/i.test(type);
}

function header(headers: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
