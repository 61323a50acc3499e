/**
 * Whether version `a` of an object is older than version `b`. resourceVersions of one resource are ordered numbers
 * (Kubernetes 1.35 says so, etcd always made them so); what is no number is not compared.
 */
export function isOlderVersion(a: string, b: string): boolean {
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return false
  return a.length === b.length ? a < b : a.length < b.length
}
