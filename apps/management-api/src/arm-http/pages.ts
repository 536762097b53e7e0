import { Inject, Injectable } from '@nestjs/common';
import { ok, pageSize, SkipTokens, type ArmReply, type PageLimits, type SkipPosition, type Slice } from '#lib/arm';
import { Fault } from '#lib/domain';
import type { ManagementConfig } from '../config.js';
import type { ArmCall } from './arm-call.js';
import { CONFIG } from './tokens.js';

/** Where a page begins and how much it holds. */
export interface PageRequest {
  limit: number;
  after?: SkipPosition;
}

/** One page as it is answered. */
export interface Page<T> {
  value: T[];
  nextLink?: string;
}

/** Pages of lists: reads `$top` and `$skipToken`, writes `nextLink`. A token is good for the list and filter it came from. */
@Injectable()
export class Pages {
  readonly #tokens: SkipTokens;

  constructor(@Inject(CONFIG) config: ManagementConfig) {
    this.#tokens = new SkipTokens(config.REGATTA_SECRET_KEY);
  }

  read(call: ArmCall, limits?: PageLimits): PageRequest {
    const query = new URL(call.url, 'http://x').searchParams;
    const limit = pageSize(one(query, '$top'), limits);
    const token = one(query, '$skipToken');
    return token === undefined ? { limit } : { limit, after: this.#tokens.decode(scopeOf(call), token) };
  }

  page<R, T>(call: ArmCall, slice: Slice<R>, render: (row: R) => T): Page<T> {
    const value = slice.items.map(render);
    if (!slice.next) return { value };
    const next = new URL(call.baseUrl + call.url);
    for (const name of [...next.searchParams.keys()]) if (name.toLowerCase() === '$skiptoken') next.searchParams.delete(name);
    next.searchParams.set('$skipToken', this.#tokens.encode(scopeOf(call), slice.next));
    return { value, nextLink: next.href };
  }

  reply<R, T>(call: ArmCall, slice: Slice<R>, render: (row: R) => T): ArmReply<Page<T>> {
    return ok(this.page(call, slice, render));
  }
}

// ARM clients differ in the casing of $skiptoken.
function one(query: URLSearchParams, name: string): string | undefined {
  const values = [...query].filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  if (values.length > 1) throw new Fault('InvalidParameter', `The query parameter '${name}' is given more than once.`, { target: name });
  return values[0];
}

function scopeOf(call: ArmCall): string {
  const url = new URL(call.url, 'http://x');
  return `${url.pathname.replace(/\/+$/, '')}?${one(url.searchParams, '$filter') ?? ''}`;
}
