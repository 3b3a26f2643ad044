import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { catalogue, definitionOf, encodeEvent, runIdOf, decodeEvent, streams, subjectTemplate } from './index.ts';
describe('catalogue', () => {
  it('makes a JSON Schema of the wire form of every event', () => {
    for (const d of catalogue) expect(z.toJSONSchema(d.schema, { io: 'input' })).toHaveProperty('type', 'object');
  });
});
