export * from './arm/index.js';
