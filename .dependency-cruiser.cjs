/*
 * Who may import whom. Imports point down:
 *
 *   apps → control | content | identity → domain      content → oci → domain      arm → domain
 *
 * platform stands beside: everybody but domain, oci and arm may import it, and it imports none of ours. testkit is for specs.
 */

/** Files that only tests load: specs, what they share, the whole-system tests, testkit itself. */
const testFiles = '(\\.(spec|suite)\\.ts$)|^apps/[^/]+/(test|src/testing)/|^(test|bench)/|^libs/testkit/|^vitest\\.config\\.ts$';

/** A rule: files of `lib` import nothing of ours but `allowed` (and themselves). Specs may import testkit too. */
function libMayImport(lib, ...allowed) {
  const own = [lib, ...allowed].join('|');
  return {
    name: `${lib}-imports-${allowed.join('-') || 'nothing-of-ours'}`,
    comment: `libs/${lib} may import ${allowed.join(', ') || 'nothing of ours'}.`,
    severity: 'error',
    from: { path: `^libs/${lib}/`, pathNot: testFiles },
    to: { path: '^(libs|apps|test|bench|scripts)/', pathNot: `^libs/(${own})/` },
  };
}

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that import each other crash at load once decorators are involved. What they share wants its own file.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolved',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'through-the-door',
      comment:
        'A lib is entered through its index.ts (#lib/<name>), never past it. ends-with-us.ts is also for programs outside of vitest, which testkit as a whole needs.',
      severity: 'error',
      from: { path: '^(libs/([^/]+)|apps|test|bench)/' },
      to: { path: '^libs/[^/]+/', pathNot: '^libs/[^/]+/src/index\\.ts$|^libs/$2/|^libs/testkit/src/programs/ends-with-us\\.ts$' },
    },
    {
      name: 'apps-never-import-apps',
      comment: 'What two apps need moves to a lib.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'libs-never-import-apps',
      comment: 'Imports point down.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^(apps|test|bench|scripts)/' },
    },
    libMayImport('domain'),
    libMayImport('oci', 'domain'),
    libMayImport('arm', 'domain'),
    libMayImport('platform'),
    libMayImport('control', 'domain', 'platform'),
    libMayImport('identity', 'domain', 'platform'),
    libMayImport('content', 'domain', 'oci', 'platform'),
    {
      name: 'testkit-only-in-tests',
      comment: 'testkit is imported by specs, by what specs share, and by the whole-system tests.',
      severity: 'error',
      from: { pathNot: testFiles },
      to: { path: '^libs/testkit/' },
    },
    {
      name: 'no-test-code-in-the-product',
      comment: 'The product does not import specs, suites or test folders.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: testFiles },
      to: { path: '\\.spec\\.ts$|^(test|bench)/|^apps/[^/]+/(test|src/testing)/' },
    },
    {
      name: 'no-dev-dependencies-in-the-product',
      comment: 'What runs in production is a dependency, not a devDependency.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: testFiles },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-undeclared-packages',
      comment: "What is imported stands in package.json, not only in somebody else's dependencies.",
      severity: 'error',
      from: { path: '^(apps|libs|test)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      conditionNames: ['source', 'import', 'node', 'default', 'types'],
      exportsFields: ['exports'],
      mainFields: ['module', 'main', 'types', 'typings'],
      extensions: ['.ts', '.mts', '.js', '.mjs', '.cjs', '.json'],
    },
    moduleSystems: ['es6', 'cjs'],
  },
};
