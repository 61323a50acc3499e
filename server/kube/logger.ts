/** What this layer logs through; pino fits. Fields never hold tokens, headers or bodies. */
export interface KubeLogger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}
