/** What a path below `/v2` asks for. Names and references are decoded but not yet checked: see `parseRepositoryName`, `parseReference`. */
export type V2Route =
  | { kind: 'base' }
  | { kind: 'catalog' }
  | { kind: 'tags'; name: string }
  | { kind: 'manifest'; name: string; reference: string }
  | { kind: 'blob'; name: string; digest: string }
  | { kind: 'uploads'; name: string }
  | { kind: 'upload'; name: string; uploadId: string }
  | { kind: 'referrers'; name: string; digest: string };

const slash = /%2f/gi;

/**
 * Reads a path (no query) that begins with `/v2`. The verb is found from the end, because names contain slashes and may
 * contain segments such as `blobs`; `%2F` counts as a slash, as the Azure SDK writes it. Any other escape, an empty
 * segment or a dot segment makes it no route of ours: null.
 */
export function parseV2Path(path: string): V2Route | null {
  if (!path.startsWith('/v2')) return null;
  const rest = path.slice(3);
  if (rest === '' || rest === '/') return { kind: 'base' };
  if (!rest.startsWith('/')) return null;
  const decoded = rest.includes('%') ? decode(rest) : rest;
  if (decoded === null) return null;
  if (decoded === '/_catalog' || decoded === '/_catalog/') return { kind: 'catalog' };

  const segments = decoded.slice(1).split('/');
  const trailing = segments.at(-1) === '';
  if (trailing) segments.pop();
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) return null;
  return named(segments);
}

function named(segments: string[]): V2Route | null {
  const last = segments.at(-1)!;
  const verb = segments.at(-2);
  const before = segments.at(-3);
  if (segments.length >= 4 && before === 'blobs' && verb === 'uploads') return { kind: 'upload', name: join(segments, 3), uploadId: last };
  if (segments.length >= 3 && verb === 'blobs' && last === 'uploads') return { kind: 'uploads', name: join(segments, 2) };
  if (segments.length >= 3 && verb === 'tags' && last === 'list') return { kind: 'tags', name: join(segments, 2) };
  if (segments.length >= 3 && verb === 'manifests') return { kind: 'manifest', name: join(segments, 2), reference: last };
  if (segments.length >= 3 && verb === 'blobs') return { kind: 'blob', name: join(segments, 2), digest: last };
  if (segments.length >= 3 && verb === 'referrers') return { kind: 'referrers', name: join(segments, 2), digest: last };
  return null;
}

function join(segments: string[], without: number): string {
  return segments.slice(0, segments.length - without).join('/');
}

/** Undoes the escapes of a path once; a control character or a broken escape is refused. */
function decode(text: string): string | null {
  try {
    const decoded = decodeURIComponent(text.replaceAll(slash, '/'));
    // A second layer of escapes would be decoded by nobody: it is refused here rather than stored in a name.
    return /[\u0000-\u001f\u007f%\\]/.test(decoded) ? null : decoded;
  } catch {
    return null;
  }
}
