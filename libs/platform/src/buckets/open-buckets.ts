import { fileURLToPath } from 'node:url';
import type { Bucket } from './bucket.js';
import { BufferPool } from './buffer-pool.js';
import { FileBucket, type FileBucketSettings } from './file-bucket.js';

/** Opens the bucket of every region: `{ eastus: 'file:///var/lib/regatta/eastus', … }`. One pool of buffers serves them all. */
export function openBuckets(urls: Readonly<Record<string, string>>, settings: FileBucketSettings = {}): Map<string, Bucket> {
  const shared = { pool: new BufferPool(), ...settings };
  return new Map(Object.entries(urls).map(([region, url]) => [region, openBucket(region, url, shared)]));
}

function openBucket(region: string, url: string, settings: FileBucketSettings): Bucket {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed?.protocol === 'file:') return new FileBucket(fileURLToPath(parsed), settings);
  // The URL itself is not repeated: it may hold a key.
  throw new Error(
    `The bucket of region ${region} has a URL ${parsed ? `of the kind ${parsed.protocol}//…` : 'that cannot be read'}: only file:///… is understood.`,
  );
}
