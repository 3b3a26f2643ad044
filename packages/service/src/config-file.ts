import { readFileSync } from 'node:fs';
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { ConfigProblem } from './config-error.ts';
import { isTree, type Origin, type Path, pathText, setOwn, type Tree } from './config-tree.ts';

/** A configuration file as read: its values, and the line and column of each. */
type ConfigFile = {
  readonly tree: Tree;
  readonly positions: ReadonlyMap<string, Origin>;
  readonly problems: readonly ConfigProblem[];
};

/** Reads one YAML file. What cannot be read or is no section at its top becomes a problem, never a throw. */
export function readConfigFile(file: string): ConfigFile {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return failed({ place: file, path: '', expected: 'expected a readable file', found: reason });
  }
  return parseConfigText(source, file);
}

function parseConfigText(source: string, file: string): ConfigFile {
  const lines = new LineCounter();
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const doc = parseDocument(source, {
    lineCounter: lines,
    // Pretty errors would quote the source, secrets and all.
    prettyErrors: false,
    // An unquoted address (0x...) must stay text; YAML reads it as a number and rounds it.
    customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || !('format' in tag) || tag.format !== 'HEX'),
  });
  const problems = doc.errors.map((error) => ({
    place: place(error.pos[0]),
    path: '',
    expected: `expected valid YAML: ${error.message}`,
    found: '',
  }));
  if (problems.length > 0) return { tree: {}, positions: new Map(), problems };
  const positions = new Map<string, Origin>();
  const originAt = (node: Node): Origin => {
    const { line, col } = lines.linePos(node.range?.[0] ?? 0);
    return { kind: 'file', file, line, column: col };
  };
  const value = readNode(doc.contents, {
    doc,
    path: [],
    note: (path, node) => positions.set(pathText(path), originAt(node)),
  });
  if (value === null || value === undefined) return { tree: {}, positions, problems: [] };
  if (!isTree(value))
    return failed({ place: place(0), path: '', expected: 'expected sections (key: value)', found: 'something else' });
  return { tree: value, positions, problems: [] };
}

type Walk = { readonly doc: Document; readonly path: Path; readonly note: (path: Path, node: Node) => void };

function readNode(node: Node | null | undefined, walk: Walk): unknown {
  // Deeper than any setting: an alias inside its own anchor would never end.
  if (node === null || node === undefined || walk.path.length > 24) return null;
  if (isAlias(node)) return readNode(node.resolve(walk.doc), walk);
  walk.note(walk.path, node);
  if (isMap(node)) {
    const tree: Tree = {};
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.source ?? key.value) : String(key);
      // The key's own place stands for a section or an empty value: that is where a person looks.
      walk.note([...walk.path, name], key as Node);
      // Without the parser's keepSourceTokens a pair's value is a node or null.
      setOwn(tree, name, readNode(value as Node | null, { ...walk, path: [...walk.path, name] }));
    }
    return tree;
  }
  if (isSeq(node))
    return node.items.map((item, index) => readNode(item as Node, { ...walk, path: [...walk.path, index] }));
  return isScalar(node) ? scalarOf(node) : null;
}

/** Integers beyond what a number holds exactly stay text: `bigint` settings read text, all others refuse it. */
function scalarOf(node: { value: unknown; source?: string | undefined }): unknown {
  const { value, source } = node;
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    return source ?? String(value);
  return value;
}

function failed(problem: ConfigProblem): ConfigFile {
  return { tree: {}, positions: new Map(), problems: [problem] };
}
