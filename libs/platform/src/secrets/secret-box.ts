import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Format mark, so that a later algorithm can be told apart. */
const version = 'v1';

/** Seals short secrets for storage: AES-256-GCM with a random nonce; `v1.<base64url of nonce, tag, text>`. */
export class SecretBox {
  readonly #key: Buffer;

  /** @param key 32 bytes in base64 (`REGATTA_SECRET_KEY`). */
  constructor(key: string) {
    this.#key = Buffer.from(key, 'base64');
    if (this.#key.length !== 32) throw new Error('The secret key must be 32 bytes in base64.');
  }

  seal(plain: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
    return `${version}.${Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url')}`;
  }

  /** @throws Error when the text was sealed with another key or was changed. */
  open(sealed: string): string {
    const [mark, body] = sealed.split('.', 2);
    if (mark !== version || !body) throw new Error('This is no sealed secret.');
    const bytes = Buffer.from(body, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
  }
}
