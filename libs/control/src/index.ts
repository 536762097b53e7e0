export * from './registries/registry-settings.js';
export * from './registries/registry-id.js';
export * from './registries/registry-changed.js';
export * from './registries/registry.entity.js';
export * from './snapshots/registry-snapshot.js';
export * from './snapshots/registry-snapshots.js';
export { readSnapshot, snapshotOf } from './snapshots/snapshot.query.js';
