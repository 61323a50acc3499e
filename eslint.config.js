// Lint rules. The layer rules (no-restricted-imports per folder) are the architecture of docs/adr/0001: imports point one way.
import pluginVue from 'eslint-plugin-vue'
import globals from 'globals'
import tseslint from 'typescript-eslint'

/** What a folder under server/ must not import. Paths are matched as written in the import. */
const layers = {
  'server/api/**': [
    '**/core/**',
    '**/controller/**',
    '**/kube/**',
    '**/http/**',
    '**/net/**',
    '**/telemetry/**',
  ],
  'server/core/**': [
    '**/controller/**',
    '**/kube/**',
    '**/http/**',
    '**/net/**',
    '**/telemetry/**',
    '**/providers/**',
  ],
  'server/kube/**': [
    '**/core/**',
    '**/api/**',
    '**/controller/**',
    '**/http/**',
    '**/net/**',
    '**/providers/**',
    '**/telemetry/**',
  ],
  'server/net/**': [
    '**/core/**',
    '**/api/**',
    '**/controller/**',
    '**/kube/**',
    '**/http/**',
    '**/providers/**',
    '**/telemetry/**',
  ],
  'server/providers/**': ['**/controller/**', '**/kube/**', '**/telemetry/**', '**/server/http/**'],
  'server/telemetry/**': ['**/controller/**', '**/kube/**', '**/http/**', '**/providers/**'],
  'server/http/**': ['**/controller/reconcile*', '**/plugin/**', '**/main.ts'],
  'server/controller/**': ['**/http/**', '**/plugin/**', '**/main.ts', '**/providers/*/**'],
  // Serves files and must stay small: nothing of the loop, of clouds or of Kubernetes.
  'server/plugin/**': [
    '**/api/**',
    '**/core/**',
    '**/controller/**',
    '**/kube/**',
    '**/net/**',
    '**/providers/**',
    '**/main.ts',
    '../server.ts',
  ],
}

export default tseslint.config(
  {
    ignores: [
      '**/node_modules/**',
      'dist/**',
      'dist-pkg/**',
      'pkg/*/.shell/**',
      'pkg/token-registries/generated/**',
      'charts/**',
    ],
  },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    ignores: ['pkg/**'],
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
    ignores: ['pkg/**'],
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
    files: ['scripts/**/*.mjs', '*.js', '*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        fetch: 'readonly',
        require: 'readonly',
        module: 'readonly',
        __dirname: 'readonly',
      },
    },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  // The page: the shell's build checks its types, so the rules here are those that need none. Prettier lays it out.
  ...pluginVue.configs['flat/recommended'].map((config) => ({ ...config, files: ['pkg/**/*.vue'] })),
  {
    files: ['pkg/**/*.{ts,vue,js}'],
    languageOptions: {
      globals: {
        ...globals.browser,
        ...globals.jest,
        process: 'readonly',
        require: 'readonly',
        module: 'readonly',
        __dirname: 'readonly',
      },
      parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.vue'], sourceType: 'module' },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // Products, models and metadata are registered by require: only what a page shows is loaded later.
      '@typescript-eslint/no-require-imports': 'off',
      // The shell's own objects have no better type.
      '@typescript-eslint/no-explicit-any': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
      'max-depth': ['error', 4],
      'max-params': ['error', 5],
      complexity: ['error', 20],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['pkg/**/*.vue'],
    rules: {
      'vue/no-v-html': 'error',
      'vue/multi-word-component-names': 'off',
      'vue/html-indent': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/first-attribute-linebreak': 'off',
      'vue/require-default-prop': 'off',
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
