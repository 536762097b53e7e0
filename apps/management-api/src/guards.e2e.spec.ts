import { ApplicationConfig } from '@nestjs/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { guards } from './guards.js';
import { TestManagement } from './testing/test-management.js';

let management: TestManagement;

beforeAll(async () => {
  management = await TestManagement.start();
});
afterAll(() => management?.stop());

it('The guards of the running application are those of the list, in its order', () => {
  const running = management.app.get(ApplicationConfig).getGlobalGuards();
  expect(running.map((guard) => guard.constructor.name)).toEqual(guards.map(({ name }) => name));
  expect(guards.map(({ name }) => name)).toEqual(['ApiVersionGuard', 'AuthorizationGuard', 'ResourceGroupGuard']);
});
