import { opinionAnswer } from '@rangeward/contracts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { answerSchema, readAnswer } from './answer.ts';

const options = Object.entries(answerSchema.shape).map(([name, field]) => [name, field.options] as const);
const every = options.reduce<Record<string, string>[]>(
  (made, [name, words]) => made.flatMap((one) => words.map((word) => ({ ...one, [name]: word }))),
  [{}],
);

it('there are 108 answers, each of them another one of the contract', () => {
  const read = every.map((answer) => readAnswer(JSON.stringify(answer)));
  expect(new Set(read.map((answer) => JSON.stringify(opinionAnswer.parse(answer)))).size).toBe(108);
});

it('anything else is none, and nothing makes it throw', () => {
  const known = new Set(every.map((answer) => JSON.stringify(answer)));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.json().map((text) => `{"direction":${text}}`),
      ),
      (text) => {
        fc.pre(!known.has(text));
        expect(readAnswer(text)).toBeNull();
      },
    ),
    { numRuns: 2_000 },
  );
});
