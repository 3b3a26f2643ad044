/** Where a value came from. */
export type Origin =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'flag'; readonly name: string };

export type Path = readonly (string | number)[];

export type Tree = { [key: string]: unknown };

/** Values by place, and where each came from: leaves, and the sections around them for messages. Keys are `pathText`. */
export type Sourced = { readonly tree: Tree; readonly origins: Map<string, Origin> };

export function originText(origin: Origin): string {
  switch (origin.kind) {
    case 'default':
      return 'default';
    case 'file':
      return `${origin.file}:${origin.line}:${origin.column}`;
    case 'env':
      return `env ${origin.name}`;
    case 'flag':
      return `flag --${origin.name}`;
    default:
      return origin satisfies never;
  }
}

/** `chains.local.pools.main.positions[0].id` */
export function pathText(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? key : `${text}.${key}`;
  }, '');
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Lays `value` over what is at `path`: sections are merged, everything else is replaced with its origins. */
export function layOver(onto: Sourced, path: Path, value: unknown, originOf: (path: Path) => Origin): void {
  if (isTree(value) && Object.keys(value).length > 0) {
    if (!isTree(readAt(onto.tree, path))) putAt(onto, path, {});
    onto.origins.set(pathText(path), originOf(path));
    for (const [key, inner] of Object.entries(value)) layOver(onto, [...path, key], inner, originOf);
    return;
  }
  // An empty section changes nothing where there is one.
  if (isTree(value) && isTree(readAt(onto.tree, path))) return;
  putAt(onto, path, value);
  nameOrigins(onto, path, value, originOf);
}

function nameOrigins(onto: Sourced, path: Path, value: unknown, originOf: (path: Path) => Origin): void {
  onto.origins.set(pathText(path), originOf(path));
  const inner = Array.isArray(value) ? [...value.entries()] : isTree(value) ? Object.entries(value) : [];
  for (const [key, each] of inner) nameOrigins(onto, [...path, key], each, originOf);
}

function putAt(onto: Sourced, path: Path, value: unknown): void {
  const text = pathText(path);
  for (const known of onto.origins.keys()) {
    if (known.startsWith(`${text}.`) || known.startsWith(`${text}[`)) onto.origins.delete(known);
  }
  let place = onto.tree;
  for (const key of path.slice(0, -1)) {
    const next = place[key];
    place = isTree(next) ? next : putTree(place, String(key));
  }
  const last = path.at(-1);
  if (last !== undefined) setOwn(place, String(last), value);
}

function putTree(place: Tree, key: string): Tree {
  const made: Tree = {};
  setOwn(place, key, made);
  return made;
}

/** Defines rather than assigns, so that a key named `__proto__` is a key like any other. */
export function setOwn(place: Tree, key: string, value: unknown): void {
  Object.defineProperty(place, key, { value, writable: true, enumerable: true, configurable: true });
}

export function readAt(value: unknown, path: Path): unknown {
  let here: unknown = value;
  for (const key of path) {
    if (Array.isArray(here)) here = here[Number(key)];
    else if (isTree(here) && Object.hasOwn(here, key)) here = here[key];
    else return undefined;
  }
  return here;
}
