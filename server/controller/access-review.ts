import type { KubeClient } from '../kube/client.ts'
import { resourcePath } from '../kube/paths.ts'

interface TokenReview {
  status?: {
    authenticated?: boolean
    user?: { username?: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> }
  }
}
interface SubjectAccessReview {
  status?: { allowed?: boolean }
}

/** Asks the API server whose token this is and whether he may `verb` the path. @throws KubeError */
export function createAccessReview(client: KubeClient) {
  return async (
    token: string,
    attributes: { path: string; verb: string },
  ): Promise<'allowed' | 'unauthenticated' | 'forbidden'> => {
    const review = await client.request<TokenReview>({
      method: 'POST',
      path: resourcePath({ group: 'authentication.k8s.io', version: 'v1', resource: 'tokenreviews' }),
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
    })
    const user = review.status?.user
    if (review.status?.authenticated !== true || user?.username === undefined) return 'unauthenticated'
    const spec = {
      user: user.username,
      uid: user.uid,
      groups: user.groups,
      extra: user.extra,
      nonResourceAttributes: attributes,
    }
    const access = await client.request<SubjectAccessReview>({
      method: 'POST',
      path: resourcePath({ group: 'authorization.k8s.io', version: 'v1', resource: 'subjectaccessreviews' }),
      body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec },
    })
    return access.status?.allowed === true ? 'allowed' : 'forbidden'
  }
}
