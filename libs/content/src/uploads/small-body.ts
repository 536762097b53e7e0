/** The beginning of a body: all of it if it is small, else what was read and the rest still to come. */
export interface Beginning {
  /** Everything read so far. */
  bytes: Buffer;
  /** True when that was all, or all that will ever come. */
  ended: boolean;
  /** Why the body broke off, if it did. */
  broken?: { error: unknown };
  /** The whole body again: what was read, then the rest. */
  whole(): AsyncGenerator<Buffer, void, undefined>;
}

/** Reads until the body ends or is longer than `limit`. Leaving early does not end the body: `whole` goes on with it. */
export async function readBeginning(body: AsyncIterable<Buffer> | undefined, limit: number): Promise<Beginning> {
  const chunks: Buffer[] = [];
  const iterator = body?.[Symbol.asyncIterator]();
  let size = 0;
  let ended = iterator === undefined;
  let broken: { error: unknown } | undefined;
  while (!ended && size <= limit) {
    try {
      const next = await iterator!.next();
      if (next.done) ended = true;
      else {
        chunks.push(next.value);
        size += next.value.length;
      }
    } catch (error) {
      broken = { error };
      ended = true;
    }
  }
  return {
    bytes: Buffer.concat(chunks),
    ended,
    ...(broken && { broken }),
    whole: () => whole(chunks, ended ? undefined : iterator, broken),
  };
}

async function* whole(
  chunks: readonly Buffer[],
  rest: AsyncIterator<Buffer> | undefined,
  broken: { error: unknown } | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  yield* chunks;
  if (broken) throw broken.error;
  for (let next = await rest?.next(); next && !next.done; next = await rest!.next()) yield next.value;
}
