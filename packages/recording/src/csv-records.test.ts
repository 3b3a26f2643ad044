import { describe, expect, it } from 'vitest';
import { CsvError, csvRecords } from './csv-records.ts';

async function parse(...chunks: string[]): Promise<[number, ...string[]][]> {
  const records: [number, ...string[]][] = [];
  for await (const { line, fields } of csvRecords(chunks)) records.push([line, ...fields]);
  return records;
}

describe('csv records', () => {
  const text = 'a,b\r\n"x, ""y""",2\n\n"two\nlines",\n,last';
  const expected = [
    [1, 'a', 'b'],
    [2, 'x, "y"', '2'],
    [4, 'two\nlines', ''],
    [6, '', 'last'],
  ];

  it('reads quotes, commas and line breaks in quotes, both line ends, and says on which line a record starts', async () => {
    expect(await parse(text)).toEqual(expected);
    expect(await parse(`${text}\n`)).toEqual(expected);
    expect(await parse(`\uFEFF${text}`)).toEqual(expected);
  });

  it('does not mind where the text is cut', async () => {
    for (let cut = 0; cut <= text.length; cut++) {
      expect(await parse(text.slice(0, cut), text.slice(cut))).toEqual(expected);
    }
    expect(await parse(...text)).toEqual(expected);
  });

  it('gives nothing for an empty text', async () => {
    expect(await parse()).toEqual([]);
    expect(await parse('\n\r\n')).toEqual([]);
  });

  it.each([
    ['a\nb"c"', 2, 'around the whole field'],
    ['"a"b', 1, 'after a closing quote, found "b"'],
    ['ok\nfine,"never closed\n...', 2, 'expected a closing quote'],
  ])('refuses %j', async (bad, line, expectation) => {
    const error = await parse(bad).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CsvError);
    expect(error).toMatchObject({ line, message: expect.stringContaining(expectation) });
  });
});
