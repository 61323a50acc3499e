import assert from 'node:assert/strict'
import { test } from 'node:test'
import { registryHosts } from './hosts.ts'

const A = '123456789012'

// The pattern that both AWS credential helpers use to recognise a registry.
const awsPattern =
  /^(\d{12})\.dkr[.-]ecr(-fips)?\.([a-zA-Z0-9][a-zA-Z0-9-_]*)\.(amazonaws\.(?:com(?:\.cn)?|eu)|on\.(?:aws|amazonwebservices\.com\.cn)|sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$/

const table: [name: string, config: Parameters<typeof registryHosts>[0], expected: string[]][] = [
  ['aws', plain('eu-west-1'), [`${A}.dkr.ecr.eu-west-1.amazonaws.com`]],
  [
    'aws, dual stack',
    { ...plain('eu-west-1'), dualStack: true },
    [`${A}.dkr-ecr.eu-west-1.on.aws`, `${A}.dkr.ecr.eu-west-1.amazonaws.com`],
  ],
  ['aws, FIPS', { ...plain('us-east-1'), fips: true }, [`${A}.dkr.ecr-fips.us-east-1.amazonaws.com`]],
  [
    'aws, FIPS and dual stack',
    { ...plain('us-east-1'), fips: true, dualStack: true },
    [`${A}.dkr-ecr-fips.us-east-1.on.aws`, `${A}.dkr.ecr-fips.us-east-1.amazonaws.com`],
  ],
  ['aws-cn', plain('cn-north-1'), [`${A}.dkr.ecr.cn-north-1.amazonaws.com.cn`]],
  [
    'aws-cn, dual stack',
    { ...plain('cn-northwest-1'), dualStack: true },
    [
      `${A}.dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn`,
      `${A}.dkr.ecr.cn-northwest-1.amazonaws.com.cn`,
    ],
  ],
  ['aws-us-gov', plain('us-gov-west-1'), [`${A}.dkr.ecr.us-gov-west-1.amazonaws.com`]],
  [
    'aws-us-gov, FIPS',
    { ...plain('us-gov-east-1'), fips: true },
    [`${A}.dkr.ecr-fips.us-gov-east-1.amazonaws.com`],
  ],
  ['aws-iso', plain('us-iso-east-1'), [`${A}.dkr.ecr.us-iso-east-1.c2s.ic.gov`]],
  ['aws-iso-b', plain('us-isob-east-1'), [`${A}.dkr.ecr.us-isob-east-1.sc2s.sgov.gov`]],
  ['aws-iso-e', plain('eu-isoe-west-1'), [`${A}.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk`]],
  ['aws-iso-f', plain('us-isof-south-1'), [`${A}.dkr.ecr.us-isof-south-1.csp.hci.ic.gov`]],
  ['aws-eusc', plain('eusc-de-east-1'), [`${A}.dkr.ecr.eusc-de-east-1.amazonaws.eu`]],
  [
    'an isolated region has no dual stack',
    { ...plain('us-iso-east-1'), dualStack: true },
    [`${A}.dkr.ecr.us-iso-east-1.c2s.ic.gov`],
  ],
]

function plain(region: string): Parameters<typeof registryHosts>[0] {
  return { region, accounts: [A], fips: false, dualStack: false }
}

for (const [name, config, expected] of table) {
  test(`hosts of partition ${name}`, () => {
    const hosts = registryHosts(config)
    assert.deepEqual(hosts, expected)
    for (const host of hosts) assert.match(host, awsPattern)
  })
}

test('several accounts and spelled-out hosts, sorted and once each', () => {
  const config = {
    ...plain('eu-west-1'),
    accounts: ['999999999999', A],
    hosts: ['images.example', `${A}.dkr.ecr.eu-west-1.amazonaws.com`, '127.0.0.1:5000'],
  }
  assert.deepEqual(registryHosts(config), [
    `${A}.dkr.ecr.eu-west-1.amazonaws.com`,
    '127.0.0.1:5000',
    '999999999999.dkr.ecr.eu-west-1.amazonaws.com',
    'images.example',
  ])
})

test('hosts alone are enough', () => {
  assert.deepEqual(
    registryHosts({ region: 'eu-west-1', hosts: ['images.example'], fips: false, dualStack: false }),
    ['images.example'],
  )
})
