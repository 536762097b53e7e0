import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { Fault } from '#lib/domain';

/** One page of a list, before it is rendered: `next` is where the following one begins, absent on the last. */
export interface Slice<T> {
  items: T[];
  next?: SkipPosition;
}

/** The key after which the next page begins (keyset paging: never an offset). */
export type SkipPosition = readonly (string | number)[];

const positionSchema = z.array(z.union([z.string(), z.number()])).max(8);
const maxTokenLength = 2048;

/**
 * Makes and reads `$skipToken`s: opaque to clients and signed, so that a page can only begin where we said. A token is
 * bound to its list (`scope`), and useless on another one.
 */
export class SkipTokens {
  readonly #key: Buffer;

  /** `secret` is the installation's key; the one used for tokens is derived from it. */
  constructor(secret: string | Buffer) {
    this.#key = createHmac('sha256', secret).update('regatta skip token v1').digest();
  }

  encode(scope: string, position: SkipPosition): string {
    const body = Buffer.from(JSON.stringify(position)).toString('base64url');
    return `${body}.${this.#sign(scope, body)}`;
  }

  /** Throws `InvalidSkipToken` for anything this installation did not make for this list. */
  decode(scope: string, token: string): SkipPosition {
    const refuse = () =>
      new Fault(
        'InvalidSkipToken',
        "The query parameter '$skipToken' is not one this list gave out. Follow nextLink as it is, or begin without it.",
        {
          target: '$skipToken',
        },
      );
    const [body, signature, ...more] = token.length <= maxTokenLength ? token.split('.') : [];
    if (!body || !signature || more.length > 0) throw refuse();
    const expected = Buffer.from(this.#sign(scope, body));
    const given = Buffer.from(signature);
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) throw refuse();
    const position = positionSchema.safeParse(JSON.parse(Buffer.from(body, 'base64url').toString()));
    if (!position.success) throw refuse();
    return position.data;
  }

  #sign(scope: string, body: string): string {
    return createHmac('sha256', this.#key).update(`${scope.toLowerCase()}\n${body}`).digest('base64url').slice(0, 22);
  }
}

/** How many items a page holds when the client does not say, and at most. */
export interface PageLimits {
  usual: number;
  most: number;
}

export const pageLimits: PageLimits = { usual: 100, most: 1000 };

/** `$top` as a number: absent → the usual; more than we give → the most; anything else than a positive integer is refused. */
export function pageSize(top: unknown, limits: PageLimits = pageLimits): number {
  if (top === undefined) return limits.usual;
  const text = String(top);
  if (Array.isArray(top) || !/^[0-9]{1,9}$/.test(text) || Number(text) < 1) {
    throw new Fault('InvalidParameter', "The query parameter '$top' must be a positive integer.", { target: '$top' });
  }
  return Math.min(Number(text), limits.most);
}

/** Cuts a page from `limit + 1` rows read: one row more than fits says that there is a next page. */
export function sliceOf<T>(rows: T[], limit: number, positionOf: (last: T) => SkipPosition): Slice<T> {
  if (rows.length <= limit) return { items: rows };
  const items = rows.slice(0, limit);
  return { items, next: positionOf(items.at(-1)!) };
}
