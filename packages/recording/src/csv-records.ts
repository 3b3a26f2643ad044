/** One record of a CSV file: its fields, and the line (from 1) on which it starts. */
export type CsvRecord = { readonly line: number; readonly fields: readonly string[] };

/** A text that is not CSV. The message says the line and what was expected there. */
export class CsvError extends Error {
  override readonly name = 'CsvError';
  readonly line: number;

  constructor(line: number, expected: string) {
    super(expected);
    this.line = line;
  }
}

/**
 * Records of CSV text as in RFC 4180: fields between commas; a field in double quotes may hold commas, line breaks and
 * doubled quotes; lines end in LF or CRLF; empty lines and a byte order mark are passed over. The text comes in chunks cut
 * anywhere, so a file is never held whole.
 * @throws CsvError on a quote inside a bare field, text after a closing quote, or an end inside quotes.
 */
export async function* csvRecords(chunks: AsyncIterable<string> | Iterable<string>): AsyncGenerator<CsvRecord> {
  const reader = new CsvReader();
  for await (const chunk of chunks) yield* reader.read(chunk);
  yield* reader.end();
}

type State = 'field-start' | 'bare' | 'quoted' | 'quote-in-quoted';

/** The state between chunks: one machine, one character at a time. */
class CsvReader {
  #state: State = 'field-start';
  #fields: string[] = [];
  #field = '';
  #line = 1;
  #recordLine = 1;
  #first = true;

  *read(chunk: string): Generator<CsvRecord> {
    const text = this.#first && chunk.startsWith('\uFEFF') ? chunk.slice(1) : chunk;
    if (chunk.length > 0) this.#first = false;
    for (const char of text) {
      const ended = this.#step(char);
      if (char === '\n') this.#line++;
      if (ended) yield* this.#endRecord();
    }
  }

  *end(): Generator<CsvRecord> {
    if (this.#state === 'quoted') throw new CsvError(this.#recordLine, 'expected a closing quote (") before the end');
    // The last line may end without a line break.
    if (this.#fields.length > 0 || this.#state !== 'field-start') this.#separator('\n');
    yield* this.#endRecord();
  }

  /** Takes one character; true when it ended the record. */
  #step(char: string): boolean {
    switch (this.#state) {
      case 'quoted':
        if (char === '"') this.#state = 'quote-in-quoted';
        else this.#field += char;
        return false;
      case 'quote-in-quoted':
        if (char === '"') {
          this.#field += '"';
          this.#state = 'quoted';
          return false;
        }
        if (char === ',' || char === '\n') return this.#separator(char);
        if (char === '\r') return false;
        throw new CsvError(
          this.#line,
          `expected a comma or the end of the line after a closing quote, found "${char}"`,
        );
      case 'field-start':
      case 'bare':
        if (char === ',' || char === '\n') return this.#separator(char);
        if (char === '"') {
          if (this.#state === 'bare') throw new CsvError(this.#line, 'expected quotes (") around the whole field only');
          this.#state = 'quoted';
          return false;
        }
        this.#field += char;
        this.#state = 'bare';
        return false;
    }
  }

  #separator(char: string): boolean {
    if (char === '\n' && this.#state === 'bare' && this.#field.endsWith('\r')) this.#field = this.#field.slice(0, -1);
    this.#fields.push(this.#field);
    this.#field = '';
    this.#state = 'field-start';
    return char === '\n';
  }

  *#endRecord(): Generator<CsvRecord> {
    const [fields, line] = [this.#fields, this.#recordLine];
    this.#fields = [];
    this.#recordLine = this.#line;
    if (fields.some((field) => field !== '')) yield { line, fields };
  }
}
