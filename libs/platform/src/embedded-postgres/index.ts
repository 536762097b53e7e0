export { EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres.js';
export { EmbeddedPostgresError } from './failure.js';
export { FolderInUse, FolderLock } from './folder-lock.js';
export { isAlive, waitUntil } from './processes.js';
