/** A scope as compared: lower case, one leading slash, none at the end; `/` is everything. */
export function scopeKey(scope: string): string {
  const trimmed = scope.replace(/^\/+|\/+$/g, '').toLowerCase();
  return `/${trimmed}`;
}

/** A scope as kept: the caller's letters, one leading slash, none at the end. */
export function scopeText(scope: string): string {
  return `/${scope.replace(/^\/+|\/+$/g, '')}`;
}

/** Whether what holds at `outer` holds at `inner`: the same scope, or one above it. Both are scope keys. */
export function scopeCovers(outer: string, inner: string): boolean {
  return outer === '/' || inner === outer || inner.startsWith(`${outer}/`);
}
