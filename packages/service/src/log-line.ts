/** Turns JSON log lines into lines for people: time, level, service, message, then what it is about. */
export function createLogLineStream(
  out: { write(text: string): unknown },
  color: boolean,
): { write(line: string): void } {
  return {
    write: (line) => {
      out.write(`${formatLogLine(line, color)}\n`);
    },
  };
}

const paints: Record<string, string> = { warn: '\x1b[33m', error: '\x1b[31m', fatal: '\x1b[31m', debug: '\x1b[2m' };

export function formatLogLine(line: string, color: boolean): string {
  const fields = parseLine(line);
  if (fields === null) return line.trimEnd();
  const { time, level, service, msg, trace_id, span_id, ...rest } = fields;
  const clock = String(time ?? '').slice(11, 23);
  const paint = color ? (paints[String(level)] ?? '') : '';
  const head = `${clock} ${paint}${String(level ?? '').padEnd(5)}${paint === '' ? '' : '\x1b[0m'}`;
  const about = Object.entries(rest).map(([name, value]) => `${name}=${shown(name, value)}`);
  return [head, service, msg, ...about].filter((part) => part !== undefined).join(' ');
}

function parseLine(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    // A log line is an object by pino's making.
    return typeof value === 'object' ? (value as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}

function shown(name: string, value: unknown): string {
  if (name === 'err' && typeof value === 'object' && value !== null && 'stack' in value) return `\n${value.stack}`;
  return typeof value === 'string' && !/\s/.test(value) ? value : JSON.stringify(value);
}
