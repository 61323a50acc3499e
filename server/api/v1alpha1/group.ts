/** The API group and what all of its kinds share. */
export const group = 'tokenregistries.io'
/** The one version that the CRDs serve and store. */
export const version = 'v1alpha1'
/** As objects of the group write it in their field apiVersion. */
export const apiVersion = `${group}/${version}` as const

/**
 * Label and annotation prefixes that belong to somebody: to this product, Rancher, Kubernetes, Helm, Argo CD. A spec
 * that could set them on a pull Secret could make another controller delete, copy or take over that Secret.
 */
export const reservedPrefixes = [
  'tokenregistries.io',
  'cattle.io',
  'kubernetes.io',
  'k8s.io',
  'helm.sh',
  'argoproj.io',
] as const
