import { createHash, hash as hashOnce, type Hash } from 'node:crypto';
import { Fault } from '#lib/domain';

/** The algorithms a digest may name (OCI image spec, descriptor, "Registered algorithms"), with the length of their hex form. */
export const digestAlgorithms = { sha256: 64, sha512: 128 } as const;
export type DigestAlgorithm = keyof typeof digestAlgorithms;

/** `algorithm:hex`, always lower case. The algorithm is part of the name: two digests of the same bytes are two names. */
export type Digest = `${DigestAlgorithm}:${string}`;

const form = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

export function isDigest(text: string): text is Digest {
  return form.test(text);
}

/** Refuses what is no digest of an algorithm we know with the fault `DigestInvalid`. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new Fault('DigestInvalid', 'A digest is "sha256:" with 64 or "sha512:" with 128 lower-case hexadecimal digits.', {
    detail: { digest: text.slice(0, 200) },
  });
}

export function isDigestAlgorithm(text: string): text is DigestAlgorithm {
  return Object.hasOwn(digestAlgorithms, text);
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

/** The digest of bytes that are all here. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${hashOnce(algorithm, bytes, 'hex')}`;
}

export function hasDigest(bytes: Uint8Array, digest: Digest): boolean {
  return digestOf(bytes, algorithmOf(digest)) === digest;
}

/** The digest of bytes that arrive one piece after the other. It can be read at any point and then go on. */
export class DigestStream {
  readonly algorithm: DigestAlgorithm;
  readonly #hash: Hash;
  #size = 0;

  constructor(algorithm: DigestAlgorithm = 'sha256') {
    this.algorithm = algorithm;
    this.#hash = createHash(algorithm);
  }

  update(bytes: Uint8Array): this {
    this.#hash.update(bytes);
    this.#size += bytes.byteLength;
    return this;
  }

  /** How many bytes went in so far. */
  get size(): number {
    return this.#size;
  }

  /** The digest of everything so far. */
  digest(): Digest {
    return `${this.algorithm}:${this.#hash.copy().digest('hex')}`;
  }
}

/** Passes the bytes on and fails with `DigestInvalid` at the end if they are not what `digest` names. */
export async function* verified(source: AsyncIterable<Uint8Array>, digest: Digest): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = new DigestStream(algorithmOf(digest));
  for await (const bytes of source) {
    stream.update(bytes);
    yield bytes;
  }
  requireDigest(stream.digest(), digest);
}

/** Compares what was received with what was announced. */
export function requireDigest(actual: Digest, expected: Digest): void {
  if (actual === expected) return;
  throw new Fault('DigestInvalid', 'The provided digest did not match the uploaded content.', { detail: { expected, actual } });
}
