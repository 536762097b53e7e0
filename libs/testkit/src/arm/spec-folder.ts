import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the published specifications lie, seen from a folder above or beside the project. */
const published = join('shared', 'specs', 'acr');

/**
 * The folder with the published OpenAPI documents (`shared/specs/acr`), found by walking up from this file, or null where
 * it is not checked out. Without it nothing can be validated, and the tests that would validate say so and are skipped.
 */
export function specFolder(from = dirname(fileURLToPath(import.meta.url))): string | null {
  for (let at = from; ; at = dirname(at)) {
    const found = join(at, published);
    if (existsSync(join(found, 'specification'))) return found;
    if (dirname(at) === at) return null;
  }
}
