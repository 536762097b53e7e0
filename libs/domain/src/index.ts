export * from './faults.js';
export * from './names.js';
export * from './regions.js';
export * from './roles.js';
export * from './scopes.js';
export * from './skus.js';
