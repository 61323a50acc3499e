/** How AWS answers: the error shapes of the JSON and Query protocols, request ids, XML text. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** A refusal in AWS's words. The service decides how it looks on the wire. */
export class AwsError extends Error {
  readonly code: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(code: string, message: string, status = 400, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.code = code
    this.status = status
    this.headers = headers
  }
}

/** What is sent back, before headers that every answer carries. */
export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

export function jsonAnswer(value: unknown): Answer {
  return { status: 200, type: 'application/x-amz-json-1.1', body: JSON.stringify(value) }
}

export function jsonError(error: AwsError): Answer {
  return {
    status: error.status,
    type: 'application/x-amz-json-1.1',
    body: JSON.stringify({ __type: error.code, message: error.message }),
    headers: error.headers,
  }
}

const stsNamespace = 'https://sts.amazonaws.com/doc/2011-06-15/'

/** A Query answer: `<ActionResponse><ActionResult>…`; `fields` may nest. */
export function xmlAnswer(action: string, fields: XmlFields): Answer {
  const body =
    `<${action}Response xmlns="${stsNamespace}"><${action}Result>${xml(fields)}</${action}Result>` +
    `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></${action}Response>`
  return { status: 200, type: 'text/xml', body }
}

export function xmlError(error: AwsError): Answer {
  const type = error.status >= 500 ? 'Receiver' : 'Sender'
  const body =
    `<ErrorResponse xmlns="${stsNamespace}"><Error>` +
    xml({ Type: type, Code: error.code, Message: error.message }) +
    `</Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`
  return { status: error.status, type: 'text/xml', body, headers: error.headers }
}

export interface XmlFields {
  readonly [name: string]: string | XmlFields
}

function xml(fields: XmlFields): string {
  return Object.entries(fields)
    .map(([name, value]) => `<${name}>${typeof value === 'string' ? escapeXml(value) : xml(value)}</${name}>`)
    .join('')
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** Sends an answer with the headers of AWS; `date` is the fake's clock, null leaves the Date header out. */
export function send(response: ServerResponse, answer: Answer, date: Date | null): void {
  response.sendDate = false
  response.writeHead(answer.status, {
    'x-amzn-requestid': randomUUID(),
    ...(date === null ? {} : { date: date.toUTCString() }),
    'content-type': answer.type,
    'content-length': Buffer.byteLength(answer.body),
    ...answer.headers,
  })
  response.end(answer.body)
}

/** Reads a request body of at most 1 MiB. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > 1_048_576) throw new AwsError('RequestEntityTooLarge', 'Request too large', 413)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
