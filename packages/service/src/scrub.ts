/**
 * Takes secrets out of text on its way out of the process: log lines, error events, notifications. It knows the values
 * the configuration marked as secret, and the shapes of common ones. It keeps what operators need: transaction hashes
 * and addresses (0x and 64 or 40 hex digits) and links to them stay. JSON stays JSON.
 */
export type Scrub = (text: string) => string;

const hidden = '[hidden]';

/** Values shorter than this would blank out ordinary words; settings refuse such secrets elsewhere. */
const shortestSecret = 6;

export function createScrubber(secrets: readonly string[]): Scrub {
  const known = [...new Set(secrets.flatMap(formsOf))].sort((a, b) => b.length - a.length);
  const values = known.length === 0 ? null : new RegExp(known.map(escapePattern).join('|'), 'g');
  return (text) => {
    const withoutValues = values === null ? text : text.replace(values, hidden);
    return suspicious.test(withoutValues) ? scrubShapes(withoutValues) : withoutValues;
  };
}

// One cheap look decides for most lines that none of the patterns below can match.
const suspicious =
  /:\/\/|private|secret|mnemonic|seed|passw|passphrase|signing|api.?key|token|bearer|basic |\beyJ|sk-|\bS[UAONCX][A-Z2-7]{56}|\d:[\w-]{30}|AKIA|BEGIN/i;

function scrubShapes(text: string): string {
  return shapes.reduce((rest, [pattern, replace]) => rest.replace(pattern, replace), text.replace(urls, scrubUrl));
}

// Between a name and its value: quotes (escaped ones too, when JSON holds JSON), colon, equals sign, spaces.
const between = String.raw`(?:\\*["'])?\s{0,4}(?:[:=]|is)?\s{0,4}(?:\\*["'])?`;
const keyWords = `private[ _-]?key|secret[ _-]?key|signing[ _-]?key|priv[ _-]?key|seed|secret|operator[ _-]?key`;
const passWords = `password|passwd|passphrase|api[ _-]?key|access[ _-]?key|client[ _-]?secret|auth[ _-]?token|access[ _-]?token|bot[ _-]?token`;

type Shape = readonly [pattern: RegExp, replacement: string];

const shapes: readonly Shape[] = [
  [/-----BEGIN [A-Z ]{0,30}(?:PRIVATE KEY|SEED|JWT)-----[^-]{1,10000}-{5,6}END [A-Z ]{0,40}-{5,6}/g, hidden],
  [new RegExp(`((?:${keyWords})${between})(?:0x)?[0-9a-fA-F]{64}(?![0-9a-fA-F])`, 'gi'), `$1${hidden}`],
  [
    new RegExp(
      `((?:mnemonic|phrase|seed)${between})(?:[a-z]{3,8}[ ,]{1,2}){11,23}[a-z]{3,8}\\b(?![\\\\"']{0,4}\\s?[:=])`,
      'gi',
    ),
    `$1${hidden}`,
  ],
  [
    new RegExp(String.raw`((?:${passWords})\\*["']?\s{0,4}[:=]\s{0,4}\\*["']?)(?!\[hidden)[^\s"'\\,;}&\]]{4,}`, 'gi'),
    `$1${hidden}`,
  ],
  [/\b(Bearer|Basic) [A-Za-z0-9+/_.~=-]{8,}/gi, `$1 ${hidden}`],
  [/\bS[UAONCX][A-Z2-7]{56}\b/g, hidden],
  [/\bsk-[A-Za-z0-9_-]{16,}/g, hidden],
  [/(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}/g, hidden],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?/g, hidden],
  [/\bAKIA[0-9A-Z]{16}\b/g, hidden],
];

// A backslash ends it, so that an escape in JSON is never cut in half.
const urls = /\b([a-z][a-z0-9+.-]{1,20}:\/\/)([^\s"'`<>\\{}|^]+)/gi;

function scrubUrl(whole: string, scheme: string, rest: string): string {
  // Places in our own code, in every stack.
  if (scheme.toLowerCase() === 'file://') return whole;
  const end = rest.search(/[/?#]/);
  const authority = end === -1 ? rest : rest.slice(0, end);
  const behind = end === -1 ? '' : rest.slice(end);
  const at = authority.lastIndexOf('@');
  const host = authority.slice(at + 1);
  if (at === -1 && !carriesKey(behind)) return whole;
  return behind.length > 1 ? `${scheme}${host}/${hidden}` : `${scheme}${host}`;
}

function carriesKey(behind: string): boolean {
  if (/[?&#][^=&]{0,40}(?:key|token|secret|auth|sig|pass|pwd)[^=&]{0,20}=[^&]/i.test(behind)) return true;
  return behind.split(/[/?&#=,;]/).some(looksLikeKey);
}

/** A part of a path or query that no person would have typed; hashes and addresses of a chain are not such. */
function looksLikeKey(part: string): boolean {
  if (part.length < 16 || /^0x(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(part)) return false;
  if (/^[a-z]+(?:[-_.][a-z0-9]{1,15})+$/.test(part)) return false;
  return (/[0-9%]/.test(part) && /[a-z]/i.test(part)) || part.length >= 24;
}

/** A secret as it stands, and as JSON or a URL would write it; of a URL also what is secret in it by itself. */
function formsOf(secret: string): string[] {
  const parts = [secret, ...partsOfUrl(secret)];
  const forms = parts.flatMap((part) => [part, JSON.stringify(part).slice(1, -1), encodeURIComponent(part)]);
  return forms.filter((form) => form.length >= shortestSecret);
}

function partsOfUrl(text: string): string[] {
  if (!URL.canParse(text)) return [];
  const url = new URL(text);
  const long = [...url.pathname.split('/'), ...url.searchParams.values()].filter((part) => part.length >= 16);
  return [url.password, decodeURIComponent(url.password), ...long];
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
