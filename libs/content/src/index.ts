export * from './types.js';
export * from './blob-store.js';
export * from './content-index.js';
export { Collector, type Collected, type CollectorSettings } from './collection/collector.js';
export { type AppendOptions, type CommitOptions, Uploads, type UploadsSettings } from './uploads/uploads.js';
export { contentEntities, contentMigrations } from './schema/schema.js';
