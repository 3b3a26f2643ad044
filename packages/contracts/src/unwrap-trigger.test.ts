import { describe, expect, it } from 'vitest';
import { Rejection, unwrapTrigger } from './index.ts';

const pool = '0xd0b53d9277642d899df5c87a3966a349a798f224';
const subject = `lp.v1.trigger.manual.base.${pool}`;
const bytes = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const unwrap = (body: unknown, headers: Record<string, string> = {}) =>
  unwrapTrigger({ subject, headers, body: bytes(body) });

describe('a manual trigger', () => {
  const trade = { mode: 'trade' };
  it.each([
    ['raw', trade, {}],
    ['raw', '', {}],
    ['cloudevent-binary', trade, { 'Ce-Type': 'lp.v1.trigger.manual', 'ce-id': '1' }],
    [
      'cloudevent-structured',
      { specversion: '1.0', type: 'lp.v1.trigger.manual', id: '1', source: 'me', data: trade },
      {},
    ],
    [
      'cloudevent-structured',
      { specversion: '1.0', type: 'x', id: '1', source: 'me', data_base64: btoa(JSON.stringify(trade)) },
      {},
    ],
    ['eventbridge', { version: '0', 'detail-type': 'Scheduled Event', source: 'aws.scheduler', detail: trade }, {}],
    ['records', { Records: [{ body: JSON.stringify(trade) }] }, {}],
    ['records', { Records: [{ Sns: { Message: JSON.stringify({ 'detail-type': 'x', detail: trade }) } }] }, {}],
    ['api-gateway', { httpMethod: 'POST', body: JSON.stringify(trade) }, {}],
  ])('is understood as %s', (form, body, headers) => {
    const found = unwrap(body, headers as Record<string, string>);
    expect(found).toMatchObject({ kind: 'request', form, chain: 'base', pool });
    if (body !== '') expect(found).toMatchObject({ request: trade });
  });

  it('in a structured CloudEvent says which request it is, by source and id; elsewhere its message does', () => {
    const event = { specversion: '1.0', type: 'x', id: '1', source: 'me' };
    const idOf = (body: unknown) => unwrap(body).kind === 'request' && unwrap(body);
    expect(idOf(event)).toMatchObject({ requestId: '["me","1"]' });
    expect(idOf({ ...event, source: 'you' })).toMatchObject({ requestId: '["you","1"]' });
    expect(idOf({ ...event, id: undefined })).toMatchObject({ requestId: null });
    expect(idOf(trade)).toMatchObject({ requestId: null });
  });

  it.each([
    ['an unknown field', { mode: 'trade', amuont: 5 }, 'amuont'],
    ['an unknown field inside an envelope', { 'detail-type': 'x', detail: { amuont: 5 } }, 'amuont'],
    ['a wrong value', { mode: 'yolo' }, 'mode'],
    ['another pool than the subject', { pool: `0x${'1'.repeat(40)}` }, 'pool'],
    ['two records', { Records: [{ body: '{}' }, { body: '{}' }] }, 'Records'],
    ['a record of something else', { Records: [{ eventSource: 'aws:s3', s3: {} }] }, 'Records.0.body'],
    ['a record that is none', { Records: [null] }, 'Records.0.body'],
    ['data that is no base64', { specversion: '1.0', type: 'x', data_base64: '*' }, 'data_base64'],
    ['data twice', { specversion: '1.0', type: 'x', data: {}, data_base64: 'e30=' }, 'data_base64'],
    ['a body that is not JSON in a record', { Records: [{ body: '{' }] }, 'Records.0.body'],
  ])('is refused for %s, naming the field', (_what, body, field) => {
    expect(() => unwrap(body)).toThrow(Rejection);
    expect(() => unwrap(body)).toThrow(expect.objectContaining({ field }));
  });

  it('is refused when it is not JSON or not an object', () => {
    expect(() => unwrap('{oops')).toThrow(expect.objectContaining({ code: 'not-json' }));
    expect(() => unwrap('[1]')).toThrow(expect.objectContaining({ code: 'bad-trigger' }));
  });

  it('is refused on a subject that names no pool', () => {
    expect(() => unwrapTrigger({ subject: 'lp.v1.trigger.manual.base.usdc', headers: {}, body: bytes({}) })).toThrow(
      expect.objectContaining({ code: 'bad-subject' }),
    );
  });

  it.each([
    [{ 'detail-type': 'ErrorNotificationRequested', detail: { error: 'x' } }, {}],
    [{ error: 'x' }, { 'ce-type': 'lp.v1.error-notification' }],
  ])('that is an error notification is never work', (body, headers) => {
    expect(unwrap(body, headers as Record<string, string>)).toMatchObject({ kind: 'error-notification' });
  });
});
