export * from './arm/index.js';
export * from './database/schema.js';
export * from './database/test-database.js';
export * from './programs/programs.js';
export * from './programs/redis.js';
export * from './programs/other-process.js';
export * from './programs/scratch.js';
