// Settings that several rows share. All are such as operators have.

/**
 * A leader that cannot renew its Lease ends by design, and is started anew. Where the question is whether it gets on
 * without that, it may be cut off for long.
 */
export const patientLease = { LEASE_DURATION_SECONDS: '60', RENEW_DEADLINE_SECONDS: '50' }

/** A standby takes over after three seconds of silence. */
export const shortLease = { LEASE_DURATION_SECONDS: '3', RENEW_DEADLINE_SECONDS: '2' }
