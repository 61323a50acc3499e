import type { EcrConfig } from './config.ts'

/** How one AWS partition spells its registry hosts. */
interface Partition {
  readonly regions: RegExp
  readonly suffix: string
  /** Absent where there are no dual-stack endpoints. */
  readonly dualStackSuffix?: string
}

/** From the SDK's partition data and the host pattern of AWS's own credential helpers. The last one takes the rest. */
const partitions: readonly Partition[] = [
  { regions: /^cn-/, suffix: 'amazonaws.com.cn', dualStackSuffix: 'on.amazonwebservices.com.cn' },
  { regions: /^us-gov-/, suffix: 'amazonaws.com', dualStackSuffix: 'on.aws' },
  { regions: /^us-iso-/, suffix: 'c2s.ic.gov' },
  { regions: /^us-isob-/, suffix: 'sc2s.sgov.gov' },
  { regions: /^eu-isoe-/, suffix: 'cloud.adc-e.uk' },
  { regions: /^(us|eu)-isof-/, suffix: 'csp.hci.ic.gov' },
  { regions: /^eusc-/, suffix: 'amazonaws.eu' },
  { regions: /^/, suffix: 'amazonaws.com', dualStackSuffix: 'on.aws' },
]

/**
 * The registry hosts of the configured accounts, as images spell them, and those that are spelled out. FIPS names
 * take the place of the plain ones; dual-stack names are added to them, since one token serves both.
 */
export function registryHosts(
  config: Pick<EcrConfig, 'region' | 'accounts' | 'hosts' | 'fips' | 'dualStack'>,
): string[] {
  const { region, accounts = [], hosts = [], fips, dualStack } = config
  const { suffix, dualStackSuffix } = partitionOf(region)
  const service = fips ? 'ecr-fips' : 'ecr'
  const derived = accounts.flatMap((account) => {
    const plain = `${account}.dkr.${service}.${region}.${suffix}`
    if (!dualStack || dualStackSuffix === undefined) return [plain]
    return [plain, `${account}.dkr-${service}.${region}.${dualStackSuffix}`]
  })
  return [...new Set([...derived, ...hosts])].sort()
}

function partitionOf(region: string): Partition {
  return partitions.find(({ regions }) => regions.test(region)) ?? partitions.at(-1)!
}
