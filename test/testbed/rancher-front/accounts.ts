// Who can log in, and who is logged in.
import { randomBytes } from 'node:crypto'
import type { ControlPlane } from '../control-plane.ts'
import type { Account, UserOptions } from './options.ts'

/** The accounts by short name, with the user ids that they have in the management cluster. */
export function makeAccounts(users: UserOptions[], plane: ControlPlane): Map<string, Account> {
  const accounts = users.map(({ name, displayName = name, password = secret(12), globalRole }): Account => {
    return { id: plane.user(name).id, name, displayName, password, globalRole }
  })
  return new Map(accounts.map((account) => [account.name, account]))
}

/** The sessions of one server: a random value per login, kept in the cookie R_SESS. */
export class Sessions {
  readonly #accounts: ReadonlyMap<string, Account>
  readonly #sessions = new Map<string, Account>()

  constructor(accounts: ReadonlyMap<string, Account>) {
    this.#accounts = accounts
  }

  /** The value of a new session's cookie, or undefined when name or password are wrong. */
  login(name: unknown, password: unknown): string | undefined {
    const account = typeof name === 'string' ? this.#accounts.get(name) : undefined
    if (!account || account.password !== password) return undefined
    const session = `token-${secret(8)}:${secret(32)}`
    this.#sessions.set(session, account)
    return session
  }

  /** Who has this session. */
  find(session: string | undefined): Account | undefined {
    return session === undefined ? undefined : this.#sessions.get(session)
  }

  /** Ends a session. */
  logout(session: string): void {
    this.#sessions.delete(session)
  }
}

function secret(bytes: number): string {
  return randomBytes(bytes).toString('hex')
}
