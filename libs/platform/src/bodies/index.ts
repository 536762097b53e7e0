export * from './body-budget.js';
export * from './body-error.js';
export * from './body-from.js';
export { type Beginning, type Body, GatheredBody } from './gathered-body.js';
export * from './incoming-body.js';
export * from './pace.js';
