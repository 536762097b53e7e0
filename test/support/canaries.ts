import { createHash, randomBytes } from 'node:crypto';

/** So much of a secret is a leak too: parsers tell where they failed by the next ten characters. */
const beginning = 10;

/** Letters that hexadecimal text does not have, so that nothing is taken for a secret by chance. */
function letters(count: number): string {
  return [...randomBytes(count)].map((byte) => String.fromCharCode(0x67 + (byte % 20))).join('');
}

/** What base64 makes of a text wherever it stands in what is encoded: its ends are mixed with what stands beside it. */
function inBase64(text: string): string[] {
  return [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]);
    const cut = Math.ceil((before * 4) / 3);
    return bytes.toString('base64').replace(/=+$/, '').slice(cut, -1);
  });
}

/** How a secret may look in a place where it does not belong. */
function formsOf(secret: string): string[] {
  const base64 = inBase64(secret);
  const bytes = Buffer.from(secret);
  return [
    secret.slice(0, beginning),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    bytes.toString('hex'),
  ];
}

function digestsOf(secret: string): string[] {
  return ['sha1', 'sha256', 'sha512'].flatMap((hash) => {
    const digest = createHash(hash).update(secret).digest();
    return [digest.toString('hex'), digest.toString('base64').replace(/=+$/, ''), digest.toString('base64url')];
  });
}

/** What may stand in a place. */
export interface Allowed {
  /** These secrets. */
  readonly except?: readonly string[];
  /** False: a digest is not looked for. */
  readonly digests?: boolean;
}

/** Secrets that are put into a service, and what looks for them where no secret may be. */
export class Canaries {
  readonly #secrets = new Map<string, { forms: string[]; digests: string[] }>();

  /** A made-up secret with letters that encodings change. */
  make(what: string): string {
    return this.add(what, `${letters(24)}/+ ä"'`);
  }

  /** A made-up secret that fits where only letters and digits do. */
  plain(what: string): string {
    return this.add(what, letters(32));
  }

  /** A secret that the service made. */
  add(what: string, secret: string): string {
    // Of a token the signature alone is what nobody may have; its claims are no secret.
    const kept = /^ey[\w-]+\.[\w-]+\.([\w-]+)$/.exec(secret)?.[1] ?? secret;
    this.#secrets.set(what, { forms: [...new Set(formsOf(kept))], digests: digestsOf(secret) });
    return secret;
  }

  /** `place: name of a secret` for all that stand in the text. */
  in(text: string, place: string, { except = [], digests = true }: Allowed = {}): string[] {
    const stands = (form: string): boolean => text.includes(form);
    return [...this.#secrets]
      .filter(([what, secret]) => !except.includes(what) && (secret.forms.some(stands) || (digests && secret.digests.some(stands))))
      .map(([what]) => `${place}: ${what}`);
  }
}
