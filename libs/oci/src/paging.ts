import { Fault } from '#lib/domain';

/** A page of a listing: at most `n` names behind `last` (raw byte order). */
export interface Page {
  n: number;
  last: string;
}

export const pageDefault = 100;
export const pageMax = 1000;

/**
 * Reads `n` and `last` of a listing. Absent `n` is the default, large `n` is clamped, whatever its length; `n=0` asks for
 * nothing; what is no count is `PaginationNumberInvalid`. `last` is a plain string to compare with, cut to 512 characters.
 */
export function parsePage(
  query: { n?: string | undefined; last?: string | undefined },
  limits: { byDefault?: number; max?: number } = {},
): Page {
  const max = limits.max ?? pageMax;
  return { n: count(query.n, limits.byDefault ?? pageDefault, max), last: (query.last ?? '').replaceAll('\u0000', '').slice(0, 512) };
}

function count(text: string | undefined, byDefault: number, max: number): number {
  if (text === undefined || text === '') return Math.min(byDefault, max);
  if (!/^\d+$/.test(text)) {
    throw new Fault('PaginationNumberInvalid', 'The parameter n is a whole number, zero or more.', { detail: { n: text.slice(0, 50) } });
  }
  return Math.min(Number(text.slice(0, 16)), max);
}

/** The `Link` to the page behind `last`, in the form ACR writes: `</v2/_catalog?last=x&n=2&orderby=>; rel="next"`. */
export function nextPageLink(path: string, last: string, n: number, orderby = ''): string {
  return `<${path}?last=${encodeURIComponent(last)}&n=${n}&orderby=${orderby}>; rel="next"`;
}
