import { describe, expect, it } from 'vitest';
import { normaliseTarget, shownPath } from './request-target.js';

describe('A request target', () => {
  it.each([
    ['/subscriptions/a?x=//b', '/subscriptions/a?x=//b'],
    ['//subscriptions//a///b//?c', '/subscriptions/a/b/?c'],
    ['https://host:8443/subscriptions/a?api-version=1', '/subscriptions/a?api-version=1'],
    ['HTTP://user@host//subscriptions/a', '/subscriptions/a'],
    ['https://host', '/'],
    ['https://host?x=1', '/?x=1'],
    ['/%73ubscriptions/%2e%2E/a%2Fb', '/subscriptions/../a%2Fb'],
    ['/a%252e/%zz', '/a%252e/%zz'],
    ['*', '*'],
    ['ftp://host/subscriptions', 'ftp:/host/subscriptions'],
    ['//other.example/subscriptions', '/other.example/subscriptions'],
  ])('%s is read as %s', (target, normal) => {
    expect(normaliseTarget(target)).toBe(normal);
    expect(normaliseTarget(normal)).toBe(normal);
  });

  it.each([
    ['/subscriptions/a?sig=s', '/subscriptions/a'],
    ['/subscriptions#token=s', '/subscriptions'],
    ['/subscriptions%3Ftoken=s', '/subscriptions'],
    ['/subscriptions%23token=s', '/subscriptions'],
    ['/subscriptions;token=s', '/subscriptions'],
    ['/user:s@host/subscriptions', '/host/subscriptions'],
    ['ftp:/user:s@host/a', 'ftp:/host/a'],
    ['/subscriptions/longer', '/subscriptions/l'],
  ])('%s is shown as %s', (target, shown) => expect(shownPath(target, 16)).toBe(shown.slice(0, 16)));
});
