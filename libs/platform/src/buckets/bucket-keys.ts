/**
 * Everything a bucket holds, and the only file where keys are made:
 *
 *   blobs/
 *     sha256/
 *       3f/
 *         3fa7…          the object: exactly the bytes its name says
 *     sha512/
 *       0c/
 *         0c41…
 *   parts/
 *     0b9f3c5e-…         what an upload has received so far; its name is the upload id
 *
 * The first two digits are a folder of their own, so that no folder of a file system grows beyond what it lists quickly.
 */
const digestForm = /^(sha256):([0-9a-f]{64})$|^(sha512):([0-9a-f]{128})$/;
const keyForm = /^blobs\/(?:sha256\/([0-9a-f]{2})\/\1[0-9a-f]{62}|sha512\/([0-9a-f]{2})\/\2[0-9a-f]{126})$/;
const uploadIdForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The algorithms whose digests name objects. */
export const keyAlgorithms = ['sha256', 'sha512'] as const;

/** Where the bytes named by a digest lie. Anything but a digest is refused: keys become file names. */
export function blobKey(digest: string): string {
  const match = digestForm.exec(digest);
  const algorithm = match?.[1] ?? match?.[3];
  const hex = match?.[2] ?? match?.[4];
  if (!algorithm || !hex) throw new TypeError('A bucket key is made from a sha256 or sha512 digest.');
  return `blobs/${algorithm}/${hex.slice(0, 2)}/${hex}`;
}

/** The digest a key was made from. */
export function digestOfKey(key: string): string {
  requireKey(key);
  const [, algorithm, , hex] = key.split('/');
  return `${algorithm}:${hex}`;
}

export function requireKey(key: string): string {
  if (!keyForm.test(key)) throw new TypeError('Not a key of this bucket.');
  return key;
}

/** Where the part of an upload lies. */
export function partKey(uploadId: string): string {
  if (!uploadIdForm.test(uploadId)) throw new TypeError('An upload id is a lower-case UUID.');
  return `parts/${uploadId}`;
}

export function isUploadId(text: string): boolean {
  return uploadIdForm.test(text);
}
