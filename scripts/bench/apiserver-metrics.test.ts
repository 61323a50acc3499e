import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readRequestCounts, requestsBetween } from './apiserver-metrics.ts'

const text = `# HELP apiserver_request_total [STABLE] Counter of apiserver requests.
# TYPE apiserver_request_total counter
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="secrets",scope="cluster",subresource="",verb="LIST",version="v1"} 3
apiserver_request_total{code="410",component="apiserver",dry_run="",group="",resource="secrets",scope="namespace",subresource="",verb="LIST",version="v1"} 2
apiserver_request_total{code="200",component="apiserver",dry_run="",group="coordination.k8s.io",resource="leases",scope="resource",subresource="",verb="PUT",version="v1"} 1.2e+02
apiserver_request_total{code="200",component="apiserver",dry_run="",group="tokenregistries.io",resource="tokenregistries",scope="resource",subresource="status",verb="PATCH",version="v1alpha1"} 7
apiserver_request_total{code="200",resource="od\\"d,{}",subresource="",verb="GET"} 1
apiserver_request_duration_seconds_bucket{resource="secrets",verb="LIST",le="0.05"} 99
`

describe('readRequestCounts', () => {
  it('adds up what differs only in code and scope, and takes no other metric', () => {
    assert.deepEqual(Object.fromEntries(readRequestCounts(text)), {
      'LIST secrets': 5,
      'PUT leases': 120,
      'PATCH tokenregistries/status': 7,
      'GET od"d,{}': 1,
    })
  })
})

describe('requestsBetween', () => {
  it('tells what was added, new keys included, and nothing else', () => {
    const before = new Map([
      ['LIST secrets', 5],
      ['PUT leases', 120],
    ])
    const after = new Map([
      ['LIST secrets', 5],
      ['PUT leases', 150],
      ['GET secrets', 1],
    ])
    assert.deepEqual(Object.fromEntries(requestsBetween(before, after)), {
      'PUT leases': 30,
      'GET secrets': 1,
    })
  })
})
