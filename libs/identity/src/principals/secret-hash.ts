import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** scrypt parameters: 16 MiB and about 27 ms of one core for each check. */
const cost = { N: 16_384, r: 8, p: 1, maxmem: 32 * 1024 * 1024 };
const keyLength = 32;

/** A secret nobody guesses: 40 characters, 240 bits, safe in URLs, shells and JSON. Begins with a letter or digit, for command lines. */
export function newSecret(): string {
  for (;;) {
    const secret = randomBytes(30).toString('base64url');
    if (!/^[-_]|[-_]$/.test(secret)) return secret;
  }
}

export function newSalt(): Buffer {
  return randomBytes(16);
}

/** The hash of a secret that we generated. */
export function digestOfSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** scrypt in the thread pool: the event loop goes on. */
export function hashSecret(secret: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret.normalize('NFC'), salt, keyLength, cost, (error, hash) => (error ? reject(error) : resolve(hash)));
  });
}

/** Compares in constant time; a stored hash of another length never matches. */
export function hashesMatch(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
