import type { Digest } from '#lib/oci';
import type { Queries } from '#lib/platform';
import { Vanished } from './retry.js';

const add = {
  name: 'content-blob-add',
  text: 'INSERT INTO content.blobs (digest, size, inline_bytes) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
};
const share = {
  name: 'content-blob-share',
  text: 'SELECT size, inline_bytes IS NOT NULL AS inline FROM content.blobs WHERE digest = $1 FOR KEY SHARE',
};
const fill = {
  name: 'content-blob-fill',
  text: 'UPDATE content.blobs SET inline_bytes = $2 WHERE digest = $1 AND inline_bytes IS NULL',
};
const place = {
  name: 'content-blob-place',
  text: `INSERT INTO content.blob_placements (digest, region) VALUES ($1, $2)
         ON CONFLICT (digest, region) DO UPDATE SET state = 'stored'`,
};

/**
 * Makes the row of a blob if it is new and holds it, so that no collector takes the blob away before the transaction ends.
 * Additions of the same blob hold it together.
 */
export async function shareBlob(queries: Queries, digest: Digest, size: number, inline: Buffer | null): Promise<{ inline: boolean }> {
  const [, [row]] = await Promise.all([
    queries.query(add, [digest, size, inline]),
    queries.query<{ size: string; inline: boolean }>(share, [digest]),
  ]);
  if (!row) throw new Vanished();
  // Pushed before, when less was kept in the index: now every region has the bytes.
  if (inline && !row.inline) await queries.query(fill, [digest, inline]);
  return { inline: row.inline || inline !== null };
}

/** Writes that the region's bucket holds the blob, and holds that row until the end of the transaction. */
export async function placeBlob(queries: Queries, digest: Digest, region: string): Promise<void> {
  await queries.query(place, [digest, region]);
}
