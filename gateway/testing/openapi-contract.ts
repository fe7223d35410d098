/**
 * Checks answers against the OpenAPI document that their server describes itself with. For tests.
 *
 * Owns:     finding the description of an answer: path template, method, status, content type.
 * Does not: check the document itself; a validator of OpenAPI does.
 */
import { Compile } from 'typebox/schema'

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components?: { readonly schemas?: Readonly<Record<string, object>> }
}
interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >
}
type Check = (response: Response, method: string, path: string, body: unknown) => void

/** A function that throws when an answer is not what the document says. Addresses it does not know pass. */
export function contractOf(document: unknown): Check {
  const { paths, components } = document as Document
  const templates = Object.keys(paths).map((template) => ({
    template,
    pattern: new RegExp(`^${template.replace(/\{[^}]+\}/g, '[^/]+')}$`),
  }))
  return (response, method, path, body) => {
    const plain = path.replace(/\?.*$/, '')
    // An address that is named as it is goes before one with a parameter, as in the router.
    const named = templates.find(({ template }) => template === plain)
    const template = (named ?? templates.find(({ pattern }) => pattern.test(plain)))?.template
    const operation = template === undefined ? undefined : paths[template]?.[method.toLowerCase()]
    if (operation === undefined) return
    const what = `${method} ${template} → ${response.status}`
    const described = operation.responses[response.status]
    if (described === undefined) throw new Error(`${what} is not described`)
    if (described.content === undefined) {
      if (body !== undefined) throw new Error(`${what} should have no body`)
      return
    }
    const type = response.headers.get('content-type')?.split(';', 1)[0] ?? 'none'
    const schema = described.content[type]?.schema
    if (schema === undefined) throw new Error(`${what} as ${type} is not described`)
    const [isGood, errors] = Compile({ ...schema, components }).Errors(body)
    if (!isGood) throw new Error(`${what} is not as described: ${JSON.stringify(errors)}`)
  }
}
