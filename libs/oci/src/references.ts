import { Fault, isRepositoryName, isTag } from '#lib/domain';
import { parseDigest, type Digest } from './digests.js';

/** What the last segment of `/v2/<name>/manifests/<reference>` names. */
export type Reference = { kind: 'tag'; tag: string } | { kind: 'digest'; digest: Digest };

/** Refuses what is no repository name with the fault `NameInvalid`. */
export function parseRepositoryName(text: string): string {
  if (isRepositoryName(text)) return text;
  throw new Fault(
    'NameInvalid',
    'A repository name is lower-case letters and digits, joined by ".", "_", "__", "-" or "/", at most 255 characters.',
    {
      detail: { name: text.slice(0, 300) },
    },
  );
}

/** Refuses what is no tag with the fault `TagInvalid`. */
export function parseTag(text: string): string {
  if (isTag(text)) return text;
  throw new Fault('TagInvalid', 'A tag is 1 to 128 letters, digits, "_", "." or "-", and does not start with "." or "-".', {
    detail: { tag: text.slice(0, 200) },
  });
}

/** A reference is a digest exactly when it contains a colon: no tag may contain one. */
export function parseReference(text: string): Reference {
  return text.includes(':') ? { kind: 'digest', digest: parseDigest(text) } : { kind: 'tag', tag: parseTag(text) };
}
