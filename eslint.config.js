// Lint rules. The layer rules (no-restricted-imports per folder) are the architecture of docs/adr/0001: imports point one way.
import tseslint from 'typescript-eslint'

/** What a folder under server/ must not import. Paths are matched as written in the import. */
const layers = {
  'server/api/**': ['**/core/**', '**/controller/**', '**/kube/**', '**/http/**', '**/telemetry/**'],
  'server/core/**': ['**/controller/**', '**/kube/**', '**/http/**', '**/telemetry/**', '**/providers/**'],
  'server/kube/**': [
    '**/core/**',
    '**/api/**',
    '**/controller/**',
    '**/http/**',
    '**/providers/**',
    '**/telemetry/**',
  ],
  'server/providers/**': ['**/controller/**', '**/kube/**', '**/telemetry/**', '**/server/http/**'],
  'server/telemetry/**': ['**/controller/**', '**/kube/**', '**/http/**', '**/providers/**'],
  'server/http/**': ['**/controller/reconcile*', '**/main.ts'],
  'server/controller/**': ['**/http/**', '**/main.ts', '**/providers/*/**'],
}

export default tseslint.config(
  { ignores: ['node_modules/**', 'dist/**', 'pkg/token-registries/generated/**', 'charts/**'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': 'allow-with-description' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      eqeqeq: 'error',
      'no-console': 'error',
      'max-depth': ['error', 4],
      'max-params': ['error', 5],
      complexity: ['error', 20],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['server/**/*.ts'],
    ignores: ['server/**/*.test.ts'],
    rules: { 'no-restricted-globals': ['error', 'console'] },
  },
  {
    files: ['test/**/*.ts', 'scripts/**/*.ts', '**/*.test.ts'],
    rules: {
      'no-console': 'off',
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['test', 'it', 'describe', 'suite'], package: 'node:test' },
          ],
        },
      ],
    },
  },
  {
    files: ['scripts/**/*.mjs', 'eslint.config.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        fetch: 'readonly',
      },
    },
  },
  ...Object.entries(layers).map(([folder, group]) => ({
    files: [`${folder}/*.ts`],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group, message: 'Imports point one way: see docs/adr/0001.' }] },
      ],
    },
  })),
)
