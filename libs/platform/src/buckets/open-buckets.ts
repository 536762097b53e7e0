import { fileURLToPath } from 'node:url';
import type { Bucket } from './bucket.js';
import { BufferPool } from './buffer-pool.js';
import { FileBucket } from './file-bucket.js';

/** Opens the bucket of every region: `{ eastus: 'file:///var/lib/regatta/eastus', … }`. One pool of buffers serves them all. */
export function openBuckets(urls: Readonly<Record<string, string>>, pool = new BufferPool()): Map<string, Bucket> {
  return new Map(Object.entries(urls).map(([region, url]) => [region, openBucket(region, url, pool)]));
}

function openBucket(region: string, url: string, pool: BufferPool): Bucket {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed?.protocol === 'file:') return new FileBucket(fileURLToPath(parsed), { pool });
  throw new Error(`The bucket of region ${region} has the URL ${JSON.stringify(url)}: only file:///… is understood.`);
}
