// The people of a test, known to the API server by fixed tokens.
import { randomBytes } from 'node:crypto'

/** A person or machine account of the token file. */
export interface TestUser {
  /** Short name, by which tests ask for the token. */
  name: string
  /** User name that the API server sees (default: `u-<name>`, the form of Rancher's own). */
  id?: string
  /** Groups besides system:authenticated, which the API server adds (default: Rancher's group of everyone). */
  groups?: string[]
}

/** A user with the token that proves it. */
export interface KnownUser {
  name: string
  id: string
  groups: string[]
  token: string
}

/** There in every control plane: no rights by themselves, except admin's. */
const always: TestUser[] = [
  { name: 'admin', id: 'admin', groups: ['system:masters'] },
  ...['alice', 'bob', 'carol', 'dave', 'eve', 'viewer'].map((name) => ({ name })),
]

/** The usual users and those given, each with a fresh token. One given again replaces the usual one. */
export function makeUsers(more: TestUser[] = []): Map<string, KnownUser> {
  const users = new Map<string, KnownUser>()
  for (const { name, id = `u-${name}`, groups = ['system:cattle:authenticated'] } of [...always, ...more]) {
    users.set(name, { name, id, groups, token: `${name}-${randomBytes(16).toString('hex')}` })
  }
  return users
}

/** The content of the API server's --token-auth-file. */
export function tokenFile(users: Iterable<KnownUser>): string {
  const lines = [...users].map(({ token, id, groups }) => [
    token,
    id,
    id,
    ...(groups.length > 0 ? [`"${groups.join(',')}"`] : []),
  ])
  return lines.map((fields) => `${fields.join(',')}\n`).join('')
}
