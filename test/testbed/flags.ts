// The command lines of the control plane's servers.

/** Everything the command lines depend on. */
export interface PlaneLayout {
  etcdPort: number
  etcdPeerPort: number
  apiPort: number
  etcdData: string
  caFile: string
  certFile: string
  keyFile: string
  serviceAccountKey: string
  serviceAccountPublicKey: string
  tokenFile: string
  auditPolicy: string
  auditLog: string
  adminKubeconfig: string
}

/** The issuer of ServiceAccount tokens, and the first of the audiences that the API server accepts. */
export const serviceAccountIssuer = 'https://kubernetes.default.svc'

/** etcd without fsync: a test's data need not survive the machine. */
export function etcdFlags(plane: PlaneLayout): string[] {
  const client = `http://127.0.0.1:${plane.etcdPort}`
  const peer = `http://127.0.0.1:${plane.etcdPeerPort}`
  return [
    `--data-dir=${plane.etcdData}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ]
}

/** The API server with RBAC, static tokens, signed ServiceAccount tokens and an audit log that hides nothing. */
export function apiServerFlags(plane: PlaneLayout): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${plane.etcdPort}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${plane.apiPort}`,
    `--tls-cert-file=${plane.certFile}`,
    `--tls-private-key-file=${plane.keyFile}`,
    `--client-ca-file=${plane.caFile}`,
    `--token-auth-file=${plane.tokenFile}`,
    '--authorization-mode=RBAC',
    `--service-account-issuer=${serviceAccountIssuer}`,
    `--service-account-key-file=${plane.serviceAccountPublicKey}`,
    `--service-account-signing-key-file=${plane.serviceAccountKey}`,
    `--api-audiences=${serviceAccountIssuer},kubernetes`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--allow-privileged=true',
    // Without it the server keeps a Service's addresses up to date for nobody.
    '--endpoint-reconciler-type=none',
    `--audit-policy-file=${plane.auditPolicy}`,
    `--audit-log-path=${plane.auditLog}`,
    // In megabytes: a rotated log would hide requests from the assertions.
    '--audit-log-maxsize=10240',
    '--profiling=false',
  ]
}

/** The controllers. Their default of 20 requests a second makes a test with many namespaces wait for minutes. */
export function controllerManagerFlags(plane: PlaneLayout): string[] {
  return [
    `--kubeconfig=${plane.adminKubeconfig}`,
    `--service-account-private-key-file=${plane.serviceAccountKey}`,
    `--root-ca-file=${plane.caFile}`,
    '--use-service-account-credentials=false',
    '--leader-elect=false',
    '--secure-port=0',
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
    '--profiling=false',
  ]
}

/** Records who asked for what, once per request and never a body: bodies hold Secrets. */
export const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    // What people read, with its text: a status or event that was overwritten is still there. Never the body of a Secret.
    {
      level: 'Request',
      verbs: ['create', 'update', 'patch'],
      resources: [
        { group: 'tokenregistries.io' },
        { group: 'events.k8s.io', resources: ['events'] },
        { group: '', resources: ['events'] },
      ],
    },
    { level: 'Metadata' },
  ],
}
