/** Injection tokens of values that are no classes. */
export const CONFIG = Symbol('config');
export const LOGGER = Symbol('logger');
export const BUCKETS = Symbol('buckets');
