/**
 * A self-signed X.509 certificate. Node can read certificates but not make them; the few DER parts that a registry's
 * token check needs are written here instead of pulling in an ASN.1 library.
 */
import { createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto'

/** DER of a certificate for this RSA key, signed with itself (sha256WithRSAEncryption). */
export function selfSignedCertificate(privateKey: KeyObject, commonName: string, now: Date): Buffer {
  const publicKeyInfo = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const name = sequence(set(sequence(oid('2.5.4.3'), utf8(commonName))))
  const year = 365 * 86_400_000
  const validity = sequence(time(new Date(now.getTime() - 86_400_000)), time(new Date(now.getTime() + year)))
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x7f) | 0x40 // positive, and no leading zero that DER would forbid
  const basicConstraints = sequence(oid('2.5.29.19'), boolean(true), octets(sequence(boolean(true))))
  const tbs = sequence(
    tagged(0, integer(Buffer.from([2]))), // version 3
    integer(serial),
    sha256WithRsa(),
    name,
    validity,
    name,
    publicKeyInfo,
    tagged(3, sequence(basicConstraints)),
  )
  return sequence(tbs, sha256WithRsa(), bits(sign('RSA-SHA256', tbs, privateKey)))
}

/** DER → PEM. */
export function certificatePem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function sha256WithRsa(): Buffer {
  return sequence(oid('1.2.840.113549.1.1.11'), der(0x05, Buffer.alloc(0)))
}

function der(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), length(content.length), content])
}

function length(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size])
  const bytes = size < 0x100 ? [size] : [size >> 8, size & 0xff]
  return Buffer.from([0x80 | bytes.length, ...bytes])
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function set(...parts: Buffer[]): Buffer {
  return der(0x31, Buffer.concat(parts))
}

function tagged(number: number, content: Buffer): Buffer {
  return der(0xa0 | number, content)
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes)
}

function boolean(value: boolean): Buffer {
  return der(0x01, Buffer.from([value ? 0xff : 0]))
}

function utf8(text: string): Buffer {
  return der(0x0c, Buffer.from(text, 'utf8'))
}

function octets(content: Buffer): Buffer {
  return der(0x04, content)
}

function bits(content: Buffer): Buffer {
  return der(0x03, Buffer.concat([Buffer.from([0]), content]))
}

function time(date: Date): Buffer {
  return der(
    0x17,
    Buffer.from(
      date
        .toISOString()
        .replaceAll(/[-:T]|\.\d{3}/g, '')
        .slice(2),
    ),
  )
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const part of rest) {
    const septets = [part & 0x7f]
    for (let left = part >> 7; left > 0; left >>= 7) septets.unshift((left & 0x7f) | 0x80)
    bytes.push(...septets)
  }
  return der(0x06, Buffer.from(bytes))
}
