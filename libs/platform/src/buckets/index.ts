export * from './bucket.js';
export * from './bucket-error.js';
export { blobKey, digestOfKey } from './bucket-keys.js';
export * from './buffer-pool.js';
export { FileBucket, type FileBucketSettings } from './file-bucket.js';
export { MemoryBucket } from './memory-bucket.js';
export * from './open-buckets.js';
export * from './write-slots.js';
