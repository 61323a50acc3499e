// The bugs that would cost most, each with the cheapest test that must fail when it is planted.
import type { Mutation } from './row.ts'

export interface PlantedBug {
  /** Lower case with hyphens; also how it is chosen on the command line. */
  readonly name: string
  readonly mutation: Mutation
  /** A test of a file, by its name; or a row of the matrix. */
  readonly caughtBy: { readonly file: string; readonly test: string } | { readonly row: string }
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'precondition',
    mutation: {
      file: 'server/controller/secret-writer.ts',
      from: 'metadata: { uid, resourceVersion, labels: desired.labels',
      to: 'metadata: { labels: desired.labels',
      why: 'writes of Secrets carry no precondition',
    },
    caughtBy: { row: 'late-write' },
  },
  {
    name: 'last-good',
    mutation: {
      file: 'server/controller/identities.ts',
      from: '      failure = toFailure(error, now())\n',
      to: '      failure = toFailure(error, now())\n      state.credential = undefined\n',
      why: 'a failed refresh forgets the credential that is in use',
    },
    caughtBy: {
      file: 'server/controller/identities.test.ts',
      test: 'a failure keeps the last good credential, counts, and a success forgets it',
    },
  },
  {
    name: 'deadline',
    mutation: {
      file: 'server/kube/lease.ts',
      from: 'return this.#leading && this.#deadline?.holds(performance.now(), Date.now()) === true',
      to: 'return this.#leading',
      why: 'a leader does not ask whether its time is over before it writes',
    },
    caughtBy: {
      file: 'test/integration/kube-lease.test.ts',
      test: 'a leader whose process stood still is none when it wakes',
    },
  },
  {
    name: 'relist-on-410',
    mutation: {
      file: 'server/kube/reflector.ts',
      from: "    else if (isGone(error)) this.#forgetVersion('the version is too old')\n",
      to: '',
      why: 'nothing is listed again after a 410',
    },
    caughtBy: { row: 'gone-at-watch' },
  },
  {
    name: 'mac',
    mutation: {
      file: 'server/core/mac.ts',
      from: 'return expected.length === given.length && timingSafeEqual(expected, given)',
      to: 'return true',
      why: 'any mac is right',
    },
    caughtBy: {
      file: 'server/core/mac.test.ts',
      test: 'a copy with another payloadHash does not verify',
    },
  },
  {
    name: 'mac-unasked',
    mutation: {
      file: 'server/controller/take-back.ts',
      from: '  return verifyMac(\n',
      to: '  return true || verifyMac(\n',
      why: 'a copy is taken back whatever its mac',
    },
    caughtBy: {
      file: 'test/integration/resilience.test.ts',
      test: 'never takes a tampered or forged copy back, and repairs it',
    },
  },
  {
    name: 'sweep-limit',
    mutation: {
      file: 'server/core/sweep.ts',
      from: 'return Math.max(limits.count, Math.floor((ours * limits.percent) / 100))',
      to: 'return Infinity',
      why: 'one pass may delete everything',
    },
    caughtBy: {
      file: 'server/core/sweep.test.ts',
      test: 'a pass may delete 20, or a tenth of all where that is more',
    },
  },
  {
    name: 'annotation',
    mutation: {
      file: 'server/controller/world.ts',
      from: 'const project = marks?.[projectAnnotation]\n',
      to: 'const project = marks?.[projectAnnotation] ?? labels[projectAnnotation]\n',
      why: 'a label is taken for the guarded annotation that says which project a namespace is in',
    },
    caughtBy: {
      file: 'server/controller/world.test.ts',
      test: 'a label of the same name is never taken for the annotation, since any member can set it',
    },
  },
]
