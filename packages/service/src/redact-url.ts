/**
 * A URL without what may be secret in it: user, password, path and query go, scheme and host stay. RPC providers put
 * the API key into the path, so no part behind the host can be shown. Null when the text is no URL with a host.
 */
export function redactUrl(text: string): string | null {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.host === '') return null;
  const shown = `${url.protocol}//${url.host}`;
  const bare = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return bare && /^\/?$/.test(url.pathname) ? shown : `${shown}/…`;
}
